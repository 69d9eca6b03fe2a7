package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/functions/internal/guestbook"
	local "github.com/noidle/noidle/local/dynamodb"
)

var now = time.Date(2026, 11, 23, 10, 0, 0, 120e6, time.UTC)

// newTable returns the table in the local cloud.
func newTable(t *testing.T) table {
	t.Helper()
	service := local.New(clockwork.NewRealClock())
	if err := service.CreateTable(local.Table{
		Name: "entries", Key: local.KeySchema{Partition: "book", Sort: "id"}, Attributes: map[string]string{"book": "S", "id": "S"},
	}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(service.Operations().JSON())
	t.Cleanup(server.Close)
	return table{dynamodb.NewFromConfig(aws.Config{
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
		BaseEndpoint: &server.URL,
	}), "entries"}
}

func call(book guestbook.Book, method, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/entries", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	handler(book, func() time.Time { return now }).ServeHTTP(answer, r)
	return answer
}

// TestGuestbook signs the book more often than it shows.
func TestGuestbook(t *testing.T) {
	book := newTable(t)
	if got := call(book, "GET", ""); got.Code != 200 || got.Body.String() != `{"entries":[]}` {
		t.Errorf("an empty book: %d %s", got.Code, got.Body)
	}
	var written []guestbook.Entry
	for i := range 60 {
		got := call(book, "POST", fmt.Sprintf(`{"name":" Ann ","message":"<b>안녕</b>\n%d"}`, i))
		var e guestbook.Entry
		if err := json.Unmarshal(got.Body.Bytes(), &e); err != nil || got.Code != 201 {
			t.Fatalf("%d %s, %v", got.Code, got.Body, err)
		}
		want := guestbook.Entry{ID: e.ID, Name: "Ann", Message: fmt.Sprintf("<b>안녕</b>\n%d", i), CreatedAt: now}
		if diff := cmp.Diff(want, e); diff != "" || len(e.ID) != 36 {
			t.Errorf("entry (-want +got):\n%s", diff)
		}
		written = append([]guestbook.Entry{e}, written...)
	}
	var got struct{ Entries []guestbook.Entry }
	if err := json.Unmarshal(call(book, "GET", "").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(written[:50], got.Entries); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func TestRefused(t *testing.T) {
	name, message := strings.Repeat("이", 51), strings.Repeat("글", 501)
	for _, tt := range []struct{ name, body, want string }{
		{"empty", `{"name":" ","message":"\n"}`, `{"pointer":"/message","detail":"want 1 to 500 characters, got 0"},{"pointer":"/name","detail":"want 1 to 50 characters on one line, got 0"}`},
		{"long", `{"name":"` + name + `","message":"` + message + `"}`, `{"pointer":"/message","detail":"want 1 to 500 characters, got 501"},{"pointer":"/name","detail":"want 1 to 50 characters on one line, got 51"}`},
		{"two lines", `{"name":"a\nb","message":"a\nb"}`, `{"pointer":"/name","detail":"want 1 to 50 characters on one line, got 3"}`},
		{"number", `{"name":7,"message":"a"}`, `{"pointer":"/name","detail":"want a string, got number"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := call(broken{errors.New("not to be called")}, "POST", tt.body)
			want := `{"type":"about:blank","title":"Bad Request","status":400,"detail":"the request is not valid","errors":[` + tt.want + `]}`
			if got.Code != 400 || got.Body.String() != want {
				t.Errorf("got %d %s\nwant %s", got.Code, got.Body, want)
			}
		})
	}
}

type broken struct{ error }

func (b broken) Add(context.Context, guestbook.Entry) error        { return b }
func (b broken) Newest(context.Context) ([]guestbook.Entry, error) { return nil, b }

func TestUnavailable(t *testing.T) {
	for method, detail := range map[string]string{"GET": "the guestbook cannot be read now", "POST": "the guestbook cannot be written to now"} {
		got := call(broken{errors.New("internal")}, method, `{"name":"Ann","message":"hi"}`)
		if want := `"status":503,"detail":"` + detail + `"}`; got.Code != 503 || !strings.HasSuffix(got.Body.String(), want) {
			t.Errorf("%s: %d %s, want %s", method, got.Code, got.Body, want)
		}
	}
}

// TestTableFails: what DynamoDB refuses, and an item that cannot be read, are errors.
func TestTableFails(t *testing.T) {
	good := newTable(t)
	bad := table{good.client, "no-such-table"}
	if err := bad.Add(t.Context(), guestbook.Entry{ID: "1"}); err == nil {
		t.Error("add: no error")
	}
	if _, err := bad.Newest(t.Context()); err == nil {
		t.Error("newest: no error")
	}
	s := func(text string) types.AttributeValue { return &types.AttributeValueMemberS{Value: text} }
	if _, err := good.client.PutItem(t.Context(), &dynamodb.PutItemInput{
		TableName: &good.name, Item: map[string]types.AttributeValue{"book": s(book), "id": s("1"), "createdAt": s("noon")},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := good.Newest(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "guestbook: ") {
		t.Errorf("error is %v, want one of the guestbook", err)
	}
}
