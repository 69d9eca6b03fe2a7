package api_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/local/api"
)

// everything has every shape that the protocol writes in its own way.
type everything struct {
	Text    string
	Number  int      `json:",omitempty"`
	Truth   *bool    `json:",omitempty"`
	Data    []byte   `json:",omitempty"`
	List    []string `json:",omitempty"`
	Nested  *nested  `json:"nested,omitempty"`
	Structs []nested `json:",omitempty"`
	Map     map[string]nested
}

type nested struct {
	A string
	B int `json:"b"`
}

func query(t *testing.T, method, form string) (status int, body string) {
	t.Helper()
	operations := api.Operations{
		"Echo": api.Op(func(_ *api.Call, in *everything) (*everything, error) { return in, nil }),
		"Fail": api.Op(func(_ *api.Call, in *everything) (*everything, error) {
			return nil, &api.Error{Code: "NotFoundException", QueryCode: "NotFound", Message: "<gone>", Status: 404}
		}),
		"Nothing": api.Op(func(*api.Call, *struct{}) (*struct{}, error) { return nil, nil }),
	}
	target, content := "/", strings.NewReader(form)
	if method == http.MethodGet {
		target, content = "/?"+form, strings.NewReader("")
	}
	r := httptest.NewRequest(method, target, content)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r = r.WithContext(api.With(r.Context(), &api.Call{Context: r.Context(), RequestID: "id-1"}))
	w := httptest.NewRecorder()
	operations.Query("https://example.com/").ServeHTTP(w, r)
	if got := w.Header().Get("Content-Type"); got != "text/xml" {
		t.Errorf("content type %q", got)
	}
	return w.Code, w.Body.String()
}

// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
func TestQuery(t *testing.T) {
	echoed := func(result string) string {
		return `<EchoResponse xmlns="https://example.com/"><EchoResult>` + result + `</EchoResult><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></EchoResponse>`
	}
	refused := func(kind, code, message string) string {
		return `<ErrorResponse xmlns="https://example.com/"><Error><Type>` + kind + `</Type><Code>` + code + `</Code><Message>` + message + `</Message></Error><RequestId>id-1</RequestId></ErrorResponse>`
	}
	tests := []struct {
		name   string
		method string
		form   url.Values
		status int
		want   string
	}{
		{
			name: "scalars",
			form: url.Values{"Action": {"Echo"}, "Version": {"2010-03-31"}, "Text": {"a<&\u00e4"}, "Number": {"7"}, "Truth": {"false"}},
			want: echoed("<Text>a&lt;&amp;\u00e4</Text><Number>7</Number><Truth>false</Truth><Map></Map>"),
		},
		{
			name:   "GET",
			method: http.MethodGet,
			form:   url.Values{"Action": {"Echo"}, "Text": {"x"}},
			want:   echoed("<Text>x</Text><Map></Map>"),
		},
		{
			name: "lists and structures",
			form: url.Values{
				"Action": {"Echo"}, "List.member.10": {"j"}, "List.member.2": {"b"}, "List.member.1": {"a"},
				"nested.A": {"n"}, "nested.b": {"1"}, "Structs.member.1.A": {"s"},
			},
			want: echoed("<Text></Text><List><member>a</member><member>b</member><member>j</member></List><nested><A>n</A><b>1</b></nested>" +
				"<Structs><member><A>s</A><b>0</b></member></Structs><Map></Map>"),
		},
		{
			name: "maps",
			form: url.Values{
				"Action": {"Echo"}, "Map.entry.1.key": {"y"}, "Map.entry.1.value.b": {"2"},
				"Map.entry.2.Name": {"x.1"}, "Map.entry.2.Value.A": {"v"},
			},
			want: echoed("<Text></Text><Map><entry><key>x.1</key><value><A>v</A><b>0</b></value></entry><entry><key>y</key><value><A></A><b>2</b></value></entry></Map>"),
		},
		{
			name: "empty list",
			form: url.Values{"Action": {"Echo"}, "List": {""}},
			want: echoed("<Text></Text><List></List><Map></Map>"),
		},
		{
			name: "no output",
			form: url.Values{"Action": {"Nothing"}},
			want: `<NothingResponse xmlns="https://example.com/"><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></NothingResponse>`,
		},
		{
			name:   "error with its older name",
			form:   url.Values{"Action": {"Fail"}},
			status: 404,
			want:   refused("Sender", "NotFound", "&lt;gone&gt;"),
		},
		{
			name:   "unknown operation",
			form:   url.Values{"Action": {"Explode"}},
			status: 400,
			want:   refused("Sender", "InvalidAction", "operation &#34;Explode&#34; is not supported locally"),
		},
		{
			name:   "unknown parameter",
			form:   url.Values{"Action": {"Echo"}, "Structs.member.1.C": {"x"}},
			status: 400,
			want:   refused("Sender", "ValidationException", "parameter &#34;C&#34; is not supported locally"),
		},
		{
			name:   "parameter below a scalar",
			form:   url.Values{"Action": {"Echo"}, "Text.member.1": {"x"}},
			status: 400,
			want:   refused("Sender", "SerializationException", "cannot unmarshal object into Go struct field everything.Text of type string"),
		},
		{
			name:   "list with another parameter",
			form:   url.Values{"Action": {"Echo"}, "List.member.1": {"x"}, "List.other": {"x"}},
			status: 400,
			want:   refused("Sender", "SerializationException", "cannot unmarshal object into Go struct field everything.List of type []string"),
		},
		{
			name:   "no number",
			form:   url.Values{"Action": {"Echo"}, "Number": {"seven"}},
			status: 400,
			want:   refused("Sender", "MalformedInput", "json: invalid number literal &#34;seven&#34;"),
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			method := http.MethodPost
			if test.method != "" {
				method = test.method
			}
			status, body := query(t, method, test.form.Encode())
			if want := max(test.status, 200); status != want {
				t.Errorf("status %d, want %d", status, want)
			}
			if diff := cmp.Diff(test.want, body); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestQueryReadsBytes(t *testing.T) {
	var got []byte
	operations := api.Operations{"Put": api.Op(func(_ *api.Call, in *everything) (*struct{}, error) {
		got = in.Data
		return nil, nil
	})}
	r := httptest.NewRequest(http.MethodGet, "/?Action=Put&Data=aGVsbG8%3D", nil)
	operations.Query("https://example.com/").ServeHTTP(httptest.NewRecorder(), r)
	if diff := cmp.Diff("hello", string(got)); diff != "" {
		t.Error(diff)
	}
}

// The same operations answer in JSON when other services call them.
func TestQueryOperationsInJSON(t *testing.T) {
	operations := api.Operations{"Echo": api.Op(func(_ *api.Call, in *everything) (*everything, error) { return in, nil })}
	got, err := operations.Call(&api.Call{}, "Echo", []byte(`{"Text":"x","nested":{"A":"y"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"Text":"x","nested":{"A":"y","b":0},"Map":null}`, string(got)); diff != "" {
		t.Error(diff)
	}
}
