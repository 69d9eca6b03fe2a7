package main

import (
	"context"
	"net/http"
	"time"

	"github.com/noidle/noidle/functions/internal/album"
	"github.com/noidle/noidle/functions/kit/httpjson"
	"github.com/noidle/noidle/functions/kit/problem"
)

type api struct {
	album  album.Album
	stream recorder
	claims func(context.Context) map[string]string
	now    func() time.Time
}

// recorder takes records. With an error it returns the positions of those that it
// may not have.
type recorder interface {
	Put(ctx context.Context, partitionKey string, records [][]byte) (left []int, err error)
}

func (a api) handler() http.Handler {
	return httpjson.Routes{
		"/photos":      {"GET": a.signedIn(a.listPhotos), "POST": a.signedIn(a.addPhoto)},
		"/photos/{id}": {"GET": a.signedIn(a.readPhoto), "DELETE": a.signedIn(a.deletePhoto)},
		"/posts":       {"POST": a.signedIn(a.addPosts)},
	}.Handler()
}

// signedIn calls a handler with the subject of the request's token, which API
// Gateway has checked.
func (a api) signedIn(handle func(w http.ResponseWriter, r *http.Request, user string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user := a.claims(r.Context())["sub"]
		if user == "" {
			w.Header().Set("WWW-Authenticate", "Bearer")
			problem.Problem{Status: http.StatusUnauthorized, Detail: "sign in first"}.Write(w)
			return
		}
		handle(w, r, user)
	}
}
