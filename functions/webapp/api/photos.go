package main

import (
	"errors"
	"net/http"

	"github.com/noidle/noidle/functions/internal/album"
	"github.com/noidle/noidle/functions/kit/httpjson"
	"github.com/noidle/noidle/functions/kit/problem"
)

// announced is the answer to a photo that was announced: where its file goes.
type announced struct {
	ID     string `json:"id"`
	Upload upload `json:"upload"`
}

type upload struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
}

func (a api) addPhoto(w http.ResponseWriter, r *http.Request, user string) {
	var draft album.Draft
	if !httpjson.Read(w, r, &draft) {
		return
	}
	if wrong := draft.Check(); len(wrong) > 0 {
		httpjson.InvalidFields(w, wrong)
		return
	}
	id, url, err := a.album.Add(r.Context(), user, draft)
	if err != nil {
		photosFailed(w, r, err)
		return
	}
	httpjson.Write(w, http.StatusCreated, announced{id, upload{http.MethodPut, url, map[string]string{"Content-Type": draft.Type}}})
}

func (a api) listPhotos(w http.ResponseWriter, r *http.Request, user string) {
	photos, err := a.album.Newest(r.Context(), user)
	if err != nil {
		photosFailed(w, r, err)
		return
	}
	httpjson.Write(w, http.StatusOK, map[string][]album.Photo{"photos": photos})
}

func (a api) readPhoto(w http.ResponseWriter, r *http.Request, user string) {
	photo, err := a.album.Get(r.Context(), user, r.PathValue("id"))
	if err != nil {
		photosFailed(w, r, err)
		return
	}
	httpjson.Write(w, http.StatusOK, photo)
}

func (a api) deletePhoto(w http.ResponseWriter, r *http.Request, user string) {
	if err := a.album.Delete(r.Context(), user, r.PathValue("id")); err != nil {
		photosFailed(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func photosFailed(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, album.ErrNotFound) {
		problem.Problem{Status: http.StatusNotFound, Detail: "you have no such photo"}.Write(w)
		return
	}
	httpjson.Unavailable(w, r, err, "the photos cannot be reached now")
}
