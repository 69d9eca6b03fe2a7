package main

import (
	"net/http"
	"time"

	"github.com/noidle/noidle/functions/internal/guestbook"
	"github.com/noidle/noidle/functions/kit/httpjson"
)

func handler(book guestbook.Book, now func() time.Time) http.Handler {
	return httpjson.Routes{"/entries": {
		"GET":  func(w http.ResponseWriter, r *http.Request) { list(w, r, book) },
		"POST": func(w http.ResponseWriter, r *http.Request) { add(w, r, book, now()) },
	}}.Handler()
}

func list(w http.ResponseWriter, r *http.Request, book guestbook.Book) {
	entries, err := book.Newest(r.Context())
	if err != nil {
		httpjson.Unavailable(w, r, err, "the guestbook cannot be read now")
		return
	}
	httpjson.Write(w, http.StatusOK, map[string][]guestbook.Entry{"entries": entries})
}

func add(w http.ResponseWriter, r *http.Request, book guestbook.Book, now time.Time) {
	var body struct {
		Name    string `json:"name"`
		Message string `json:"message"`
	}
	if !httpjson.Read(w, r, &body) {
		return
	}
	entry, wrong := guestbook.New(body.Name, body.Message, now)
	if len(wrong) > 0 {
		httpjson.InvalidFields(w, wrong)
		return
	}
	if err := book.Add(r.Context(), entry); err != nil {
		httpjson.Unavailable(w, r, err, "the guestbook cannot be written to now")
		return
	}
	httpjson.Write(w, http.StatusCreated, entry)
}
