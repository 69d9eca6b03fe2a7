package index

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/noidle/noidle/functions/internal/thumbnail"
)

type item = map[string]types.AttributeValue

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func num[N int | int64](n N) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(int64(n), 10)}
}

func millis(t time.Time) types.AttributeValue { return num(t.UnixMilli()) }

// encode is an entry as an item. The item has no lease.
func encode(e thumbnail.Entry) item {
	thumbnails := make([]types.AttributeValue, len(e.Thumbnails))
	for i, t := range e.Thumbnails {
		thumbnails[i] = &types.AttributeValueMemberM{Value: item{
			"name": str(t.Name), "key": str(t.Key), "width": num(t.Width), "height": num(t.Height), "bytes": num(t.Bytes),
		}}
	}
	encoded := item{
		"key":        str(e.Key),
		"status":     str(string(e.Status)),
		"code":       str(e.Code),
		"reason":     str(e.Reason),
		"eTag":       str(e.ETag),
		"versionId":  str(e.VersionID),
		"bytes":      num(e.Bytes),
		"format":     str(e.Format),
		"width":      num(e.Width),
		"height":     num(e.Height),
		"thumbnails": &types.AttributeValueMemberL{Value: thumbnails},
		"recipe":     str(e.Recipe),
		"updatedAt":  str(e.UpdatedAt.Format(time.RFC3339Nano)),
	}
	if len(e.Objects) > 0 { // There are no empty sets.
		encoded["objects"] = &types.AttributeValueMemberSS{Value: e.Objects}
	}
	return encoded
}

// decode reads an item. What is not there is zero: an entry whose first thumbnails
// are being made has little more than its key.
func decode(m item) (thumbnail.Entry, error) {
	var r reader
	e := thumbnail.Entry{
		Key:    r.str(m, "key"),
		Status: thumbnail.Status(r.str(m, "status")),
		Code:   r.str(m, "code"),
		Reason: r.str(m, "reason"),
		Source: thumbnail.Source{ETag: r.str(m, "eTag"), VersionID: r.str(m, "versionId"), Bytes: r.num(m, "bytes")},
		Format: r.str(m, "format"),
		Width:  int(r.num(m, "width")),
		Height: int(r.num(m, "height")),
		Recipe: r.str(m, "recipe"),
	}
	if m["updatedAt"] != nil {
		e.UpdatedAt = r.time(m, "updatedAt")
	}
	for _, t := range r.objects(m, "thumbnails") {
		e.Thumbnails = append(e.Thumbnails, thumbnail.Thumbnail{
			Name: r.str(t, "name"), Key: r.str(t, "key"),
			Width: int(r.num(t, "width")), Height: int(r.num(t, "height")), Bytes: int(r.num(t, "bytes")),
		})
	}
	if set, ok := m["objects"].(*types.AttributeValueMemberSS); ok {
		e.Objects = set.Value
	}
	if m["leaseOwner"] != nil {
		e.Lease = &thumbnail.Lease{Owner: r.str(m, "leaseOwner"), Until: time.UnixMilli(r.num(m, "leaseUntil"))}
	}
	return e, r.err
}

// reader reads attributes and keeps the first error: what is of another type.
type reader struct{ err error }

func (r *reader) fail(name, want string) {
	if r.err == nil {
		r.err = fmt.Errorf("index: attribute %q is no %s", name, want)
	}
}

func (r *reader) str(m item, name string) string {
	if m[name] == nil {
		return ""
	}
	s, ok := m[name].(*types.AttributeValueMemberS)
	if !ok {
		r.fail(name, "string")
		return ""
	}
	return s.Value
}

func (r *reader) num(m item, name string) int64 {
	if m[name] == nil {
		return 0
	}
	if n, ok := m[name].(*types.AttributeValueMemberN); ok {
		if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			return i
		}
	}
	r.fail(name, "integer")
	return 0
}

func (r *reader) time(m item, name string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, r.str(m, name))
	if err != nil {
		r.fail(name, "time")
	}
	return t
}

// objects reads a list of maps.
func (r *reader) objects(m item, name string) []item {
	if m[name] == nil {
		return nil
	}
	l, ok := m[name].(*types.AttributeValueMemberL)
	if !ok {
		r.fail(name, "list")
		return nil
	}
	var objects []item
	for i, v := range l.Value {
		o, ok := v.(*types.AttributeValueMemberM)
		if !ok {
			r.fail(name+"["+strconv.Itoa(i)+"]", "map")
			return nil
		}
		objects = append(objects, o.Value)
	}
	return objects
}
