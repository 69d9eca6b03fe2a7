package post

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	at := time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)
	tests := []struct {
		name, data string
		want       Post
	}{
		{"whole", `{"id":"1","user":"ann","text":"hi #go","lang":"en","createdAt":"2026-01-31T09:30:00Z"}`, Post{"1", "ann", "hi #go", "en", at}},
		{"least", `{"id":"1","text":"t"}`, Post{ID: "1", Text: "t"}},
		{"white space", " \t\r\n{ \"text\" : \"t\" , \"id\" :\n\"1\" } \n", Post{ID: "1", Text: "t"}},
		{"offset and fraction", `{"id":"1","text":"t","createdAt":"2026-01-31T18:30:00.250+09:00"}`, Post{ID: "1", Text: "t", CreatedAt: at.Add(250 * time.Millisecond)}},
		{"null is absent", `{"id":"1","text":"t","lang":null,"createdAt":null,"user":null}`, Post{ID: "1", Text: "t"}},
		{"empty language", `{"id":"1","text":"t","lang":""}`, Post{ID: "1", Text: "t"}},
		{"long language", `{"id":"1","text":"t","lang":"zh-Hant-TW"}`, Post{ID: "1", Text: "t", Lang: "zh-Hant-TW"}},
		{"korean", `{"id":"글1","text":"안녕 #서울"}`, Post{ID: "글1", Text: "안녕 #서울"}},
		{"japanese escapes", `{"id":"1","text":"\u6771\u4eAc\u3002"}`, Post{ID: "1", Text: "東京。"}},
		{"surrogate pair", `{"id":"1","text":"a\ud83c\uDF89b"}`, Post{ID: "1", Text: "a🎉b"}},
		{"all escapes", `{"id":"1","text":"\"\\\/\b\f\n\r\t\u0000"}`, Post{ID: "1", Text: "\"\\/\b\f\n\r\t\x00"}},
		{"escape at every place of a word", `{"id":"\n","text":"1234567\n1234567\\12345678\""}`, Post{ID: "\n", Text: "1234567\n1234567\\12345678\""}},
		{"escaped name", `{"\u0069d":"1","te\u0078t":"t"}`, Post{ID: "1", Text: "t"}},
		{"delete is no control character of JSON", "{\"id\":\"1\",\"text\":\"\x7f\"}", Post{ID: "1", Text: "\x7f"}},
		{"unknown fields", `{"a":1,"b":-0.5e+10,"c":true,"d":false,"e":null,"f":{"id":[{}]},"g":["\ud800"],"h":"\ud800","id":"1","ID":"2","text":"t"}`, Post{ID: "1", Text: "t"}},
		{"unknown fields twice", `{"a":1,"a":2,"id":"1","text":"t"}`, Post{ID: "1", Text: "t"}},
		{"longest", `{"id":"` + strings.Repeat("i", MaxID) + `","text":"` + strings.Repeat(`\u0074`, MaxText) + `"}`, Post{ID: strings.Repeat("i", MaxID), Text: strings.Repeat("t", MaxText)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Post{ID: "old", User: "old", Lang: "old", CreatedAt: at}
			if err := Parse([]byte(test.data), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	with := func(members string) string { return `{"id":"1","text":"t",` + members + `}` }
	tests := []struct{ name, data, want string }{
		{"nothing", ``, `post: is not valid JSON at byte 0: a post is an object that starts with {`},
		{"null", `null`, `post: is not valid JSON at byte 0: a post is an object that starts with {`},
		{"array", `[]`, `post: is not valid JSON at byte 0: a post is an object that starts with {`},
		{"open object", `{`, `post: is not valid JSON at byte 1: expected a string`},
		{"open value", `{"a":`, `post: is not valid JSON at byte 5: expected a value`},
		{"open string", `{"id":"1`, `post: is not valid JSON at byte 8: a string has no end`},
		{"open escape", `{"id":"1\`, `post: is not valid JSON at byte 8: unknown escape "\\"; a string may have \" \\ \/ \b \f \n \r \t and \u0000 to \uffff`},
		{"no colon", `{"id" "1"}`, `post: is not valid JSON at byte 6: expected : after a name`},
		{"no comma", `{"id":"1" "text":"t"}`, `post: is not valid JSON at byte 10: expected , or } after a member`},
		{"comma at the end", with(``), `post: is not valid JSON at byte 21: expected a string`},
		{"two objects", `{"id":"1","text":"t"}{}`, `post: is not valid JSON at byte 21: expected nothing after the object`},
		{"control character", "{\"id\":\"\n\"}", `post: is not valid JSON at byte 7: a string holds a control character; write it as an escape`},
		{"unknown escape", `{"id":"\x"}`, `post: is not valid JSON at byte 7: unknown escape "\\x"; a string may have \" \\ \/ \b \f \n \r \t and \u0000 to \uffff`},
		{"escape with a sign", `{"id":"\u+041"}`, `post: is not valid JSON at byte 7: unknown escape "\\u+041"; a string may have \" \\ \/ \b \f \n \r \t and \u0000 to \uffff`},
		{"invalid utf-8", "{\"id\":\"\xff\"}", `post: is not valid UTF-8`},
		{"surrogate in utf-8", "{\"id\":\"\xed\xa0\x80\"}", `post: is not valid UTF-8`},
		{"leading zero", with(`"a":01`), `post: is not valid JSON at byte 26: expected , or } after a member`},
		{"no fraction", with(`"a":1.`), `post: is not valid JSON at byte 27: expected a value`},
		{"no exponent", with(`"a":1e`), `post: is not valid JSON at byte 27: expected a value`},
		{"nested", with(`"a":[1,]`), `post: is not valid JSON at byte 25: invalid character ']' looking for beginning of value`},
		{"no id", `{"text":"t"}`, `post: field id is missing; give it as a string of 1 to 128 bytes`},
		{"null id", `{"id":null,"text":"t"}`, `post: field id is missing; give it as a string of 1 to 128 bytes`},
		{"empty id", `{"id":"","text":"t"}`, `post: field id is missing; give it as a string of 1 to 128 bytes`},
		{"no text", `{"id":"1"}`, `post: field text is missing; give it as a string of 1 to 65536 bytes`},
		{"number as id", `{"id":1,"text":"t"}`, `post: field id is no string`},
		{"object as text", `{"id":"1","text":{}}`, `post: field text is no string`},
		{"duplicate", with(`"id":"2"`), `post: field id is there twice`},
		{"duplicate of null", `{"lang":null,"lang":"ko"}`, `post: field lang is there twice`},
		{"high surrogate", `{"id":"1","text":"a\ud83c"}`, `post: field text has half a surrogate pair; write a character above U+FFFF as two \u escapes or in UTF-8`},
		{"low surrogate", `{"id":"1","text":"\udf89"}`, `post: field text has half a surrogate pair; write a character above U+FFFF as two \u escapes or in UTF-8`},
		{"surrogate and letter", `{"id":"1","text":"\ud83c\u0041"}`, `post: field text has half a surrogate pair; write a character above U+FFFF as two \u escapes or in UTF-8`},
		{"language of one letter", with(`"lang":"k"`), `post: field lang is "k"; give a tag of BCP 47 such as ko or pt-BR, or leave it out`},
		{"language with underscore", with(`"lang":"pt_BR"`), `post: field lang is "pt_BR"; give a tag of BCP 47 such as ko or pt-BR, or leave it out`},
		{"language with digits", with(`"lang":"e2"`), `post: field lang is "e2"; give a tag of BCP 47 such as ko or pt-BR, or leave it out`},
		{"language with empty subtag", with(`"lang":"pt-"`), `post: field lang is "pt-"; give a tag of BCP 47 such as ko or pt-BR, or leave it out`},
		{"language in korean", with(`"lang":"한국"`), `post: field lang is "한국"; give a tag of BCP 47 such as ko or pt-BR, or leave it out`},
		{"time without zone", with(`"createdAt":"2026-01-31T09:30:00"`), `post: field createdAt is "2026-01-31T09:30:00"; give a time of RFC 3339 such as 2026-01-31T09:30:00Z`},
		{"empty time", with(`"createdAt":""`), `post: field createdAt is ""; give a time of RFC 3339 such as 2026-01-31T09:30:00Z`},
		{"time as number", with(`"createdAt":1769851800`), `post: field createdAt is no string`},
		{"long id", `{"id":"` + strings.Repeat("i", MaxID+1) + `"}`, `post: field id has 129 bytes, more than the 128 allowed`},
		{"long text", `{"text":"` + strings.Repeat("i", MaxText+1) + `"}`, `post: field text has 65537 bytes, more than the 65536 allowed`},
		{"long text in escapes", `{"text":"` + strings.Repeat(`\u00e9`, MaxText/2) + `\n"}`, `post: field text has 65537 bytes, more than the 65536 allowed`},
		{"long json", strings.Repeat(" ", MaxSize+1), `post: has 1048577 bytes, more than the 1048576 allowed`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, data := Post{ID: "old"}, []byte(test.data)
			err := Parse(data, &got)
			var known *Invalid
			if !errors.As(err, &known) {
				t.Fatalf("error %v is no *Invalid", err)
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
			if got != (Post{}) || string(data) != test.data {
				t.Errorf("left %+v and %q", got, data)
			}
		})
	}
}

// TestParseRefusesLast has everything right but the end of the data.
func TestParseRefusesLast(t *testing.T) {
	for _, end := range []string{``, `,`, `}x`, `,"id":"2"}`, `,"createdAt":"now"}`, `,"a":"\x"}`, `,"lang":"\ud800"}`, ",\"a\":\"\xff\"}"} {
		want := `{"id":"\u0031","user":"\n","text":"\"#go\" \ud83c\udf89","l\u0061ng":"\u006bo","b":"\n"` + end
		if strings.Contains(end, "lang") {
			want = strings.Replace(want, `"l\u0061ng"`, `"c"`, 1)
		}
		data := []byte(want)
		if err := Parse(data, new(Post)); err == nil || string(data) != want {
			t.Errorf("%q: error %v left %q", want, err, data)
		}
	}
}

func TestParseAliases(t *testing.T) {
	data := []byte(`{"id":"1\/2","user":"ann","text":"\u0061 \"b\" \ud83c\udf89\n#go","lang":"\u006bo"}`)
	var got Post
	if err := Parse(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Post{ID: "1/2", User: "ann", Text: "a \"b\" 🎉\n#go", Lang: "ko"}, got); diff != "" {
		t.Error(diff)
	}
	for i := range data {
		data[i] = 'x'
	}
	if diff := cmp.Diff(Post{ID: "xxx", User: "xxx", Text: "xxxxxxxxxxxxxx", Lang: "xx"}, got); diff != "" {
		t.Errorf("the strings are no parts of data: %s", diff)
	}
}

func TestParseDoesNotAllocate(t *testing.T) {
	source := []byte(`{"id":"\u0031","user":"ann","text":"안녕 \"#go\"\n","lang":"ko","createdAt":"2026-01-31T15:00:00.250+05:30","a":"b","c":-1}`)
	data := make([]byte, len(source))
	var post Post
	if got := testing.AllocsPerRun(100, func() { copy(data, source); _ = Parse(data, &post) }); got != 0 || post.ID != "1" {
		t.Errorf("%v allocations for %+v, want 0", got, post)
	}
}

func TestParseTime(t *testing.T) {
	for _, text := range []string{
		"2026-01-31T09:30:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999-23:59", "2026-01-01T00:00:00+23:59",
		"2024-02-29T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2000-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
		"2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z",
		"2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+00:60", "2026-01-01T00:00:00+25:00", "2026-01-01T00:00:00+00:61",
		"2026-01-01T00:00:00.1234567890123Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00,5Z", "2026-01-01T0:00:00Z",
		"2026-01-01t00:00:00Z", "2026-01-01T00:00:00z", "2026-01-01T00:00:00", "2026-01-01T00:00:00ZZ", "2026-01-01T00:00:00+0900",
		"2026-01-01T00:00:00 09:00", "+026-01-01T00:00:00Z", "2026/01/01T00:00:00Z", "2026-01-01T00:00:00.5", "2026-01-01T00:00:00+ 9:00",
	} {
		var want time.Time
		wantErr := want.UnmarshalText([]byte(text))
		got, err := parseTime(text)
		if (err == nil) != (wantErr == nil) || err == nil && got != want.UTC() {
			t.Errorf("%s is %v, %v; want %v, %v", text, got, err, want, wantErr)
		}
	}
}

func TestMarshal(t *testing.T) {
	post := Post{"1", "ann", "#안녕 <\u2028>", "ko", time.Date(2026, 1, 31, 9, 30, 0, 5, time.UTC)}
	data, err := json.Marshal(post)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"1","user":"ann","text":"#안녕 \u003c\u2028\u003e","lang":"ko","createdAt":"2026-01-31T09:30:00.000000005Z"}`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Error(diff)
	}
	var back Post
	if err := Parse(data, &back); err != nil || back != post {
		t.Errorf("back is %+v, %v", back, err)
	}
}
