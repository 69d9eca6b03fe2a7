package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/noidle/noidle/functions/internal/post"
	"github.com/noidle/noidle/functions/kit/httpjson"
	"github.com/noidle/noidle/functions/kit/problem"
)

const maxPosts = 100

// draft is a post as its author sends it.
type draft struct {
	Text string `json:"text"`
	Lang string `json:"lang"`
}

func (a api) addPosts(w http.ResponseWriter, r *http.Request, user string) {
	var body struct {
		Posts []draft `json:"posts"`
	}
	if !httpjson.Read(w, r, &body) {
		return
	}
	author := pseudonym(user)
	records, wrong := encode(body.Posts, author, a.now())
	if len(wrong) > 0 {
		httpjson.Invalid(w, wrong...)
		return
	}
	if left, err := a.stream.Put(r.Context(), author, records); err != nil {
		var missing []problem.FieldError
		for _, i := range left {
			missing = append(missing, problem.FieldError{Pointer: fmt.Sprintf("/posts/%d", i), Detail: "not taken; send it again"})
		}
		httpjson.Unavailable(w, r, err, "not all posts can be taken now", missing...)
		return
	}
	httpjson.Write(w, http.StatusAccepted, map[string]int{"accepted": len(records)})
}

// pseudonym is a user as the readers of the stream see them: always the same, but
// nothing to sign in or to look up with.
func pseudonym(user string) string {
	digest := sha256.Sum256([]byte(user))
	return hex.EncodeToString(digest[:8])
}

// encode makes records of the posts, or says what is wrong with them.
func encode(drafts []draft, author string, now time.Time) (records [][]byte, wrong []problem.FieldError) {
	if n := len(drafts); n < 1 || n > maxPosts {
		return nil, []problem.FieldError{{Pointer: "/posts", Detail: fmt.Sprintf("want 1 to %d posts, got %d", maxPosts, n)}}
	}
	for i, d := range drafts {
		record, err := json.Marshal(post.Post{
			ID: uuid.NewString(), User: author, Text: d.Text, Lang: d.Lang, CreatedAt: now.UTC().Truncate(time.Millisecond),
		})
		if err == nil { // what the readers of the stream would refuse is refused here
			err = post.Parse(bytes.Clone(record), new(post.Post))
		}
		if err != nil {
			wrong = append(wrong, explain(i, err))
		}
		records = append(records, record)
	}
	return records, wrong
}

func explain(i int, err error) problem.FieldError {
	pointer := fmt.Sprintf("/posts/%d", i)
	if invalid, ok := errors.AsType[*post.Invalid](err); ok {
		return problem.FieldError{Pointer: pointer + "/" + invalid.Field, Detail: invalid.Reason}
	}
	return problem.FieldError{Pointer: pointer, Detail: "not a post"}
}
