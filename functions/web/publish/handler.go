package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/uuid"

	"github.com/noidle/noidle/functions/internal/site"
)

// properties are those of the custom resource.
type properties struct {
	Source       struct{ Bucket, Key string } // the zip file
	Bucket       string                       // the site's
	Distribution string                       // its ID, empty if there is none
	Files        map[string]string            // texts besides the site's files, by key
	Immutable    []string                     // patterns of files that never change
}

type distributions interface {
	CreateInvalidation(context.Context, *cloudfront.CreateInvalidationInput, ...func(*cloudfront.Options)) (*cloudfront.CreateInvalidationOutput, error)
}

type handler struct {
	objects       objects
	distributions distributions
}

const (
	// reserve is how long before the function's time is over it gives up, so that
	// it can still say so: CloudFormation waits up to an hour for an answer.
	reserve = 5 * time.Second
	// maxReason is how many bytes of an error are told: an answer has at most 4096
	// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref-responses.html).
	maxReason = 1000
	// failed starts the ID of what could not be created, whose deletion may not be
	// possible either.
	failed = "failed-"
)

// handle does what CloudFormation asks for. The ID that it returns changes with
// the bucket, upon which CloudFormation has the files in the former bucket deleted.
func (h handler) handle(ctx context.Context, event cfn.Event) (id string, data map[string]any, err error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-reserve))
		defer cancel()
	}
	p, err := parse(event.ResourceProperties)
	id = "site-of-" + p.Bucket
	if event.RequestType == cfn.RequestDelete {
		return event.PhysicalResourceID, nil, h.delete(ctx, event.PhysicalResourceID, id, p)
	}
	var changes site.Changes
	if err == nil {
		changes, err = h.publish(ctx, event, p)
	}
	switch {
	case err == nil:
		slog.InfoContext(ctx, "site published", "bucket", p.Bucket, "changed", len(changes.Uploaded), "deleted", len(changes.Deleted))
		return id, map[string]any{"Changed": strconv.Itoa(len(changes.Uploaded)), "Deleted": strconv.Itoa(len(changes.Deleted))}, nil
	case event.RequestType == cfn.RequestUpdate:
		return event.PhysicalResourceID, nil, short(err)
	}
	return failed + id, nil, short(err)
}

func parse(given map[string]any) (properties, error) {
	var p properties
	encoded, err := json.Marshal(given)
	if err == nil {
		err = json.Unmarshal(encoded, &p)
	}
	if err == nil && (p.Bucket == "" || p.Source.Bucket == "" || p.Source.Key == "") {
		err = errors.New("want the properties Bucket, Source.Bucket and Source.Key")
	}
	return p, err
}

func (h handler) publish(ctx context.Context, event cfn.Event, p properties) (site.Changes, error) {
	forget := func(ctx context.Context, paths []string) error {
		if event.RequestType == cfn.RequestCreate || p.Distribution == "" {
			return nil // nobody has asked for what has not been there
		}
		return h.invalidate(ctx, p.Distribution, paths)
	}
	var changes site.Changes
	err := h.read(ctx, p, func(files []site.File) error {
		var err error
		changes, err = site.Publish(ctx, bucket{h.objects, p.Bucket}, files, !sameHeaders(event), forget)
		return err
	})
	return changes, err
}

// sameHeaders says whether files that are as they were have their headers, too:
// whether no property but the source changed.
func sameHeaders(event cfn.Event) bool {
	before, after := maps.Clone(event.OldResourceProperties), maps.Clone(event.ResourceProperties)
	delete(before, "Source")
	delete(after, "Source")
	return event.RequestType == cfn.RequestUpdate && reflect.DeepEqual(before, after)
}

// read calls do with the site's files, which it can open meanwhile.
func (h handler) read(ctx context.Context, p properties, do func([]site.File) error) error {
	source := "source s3://" + p.Source.Bucket + "/" + p.Source.Key
	out, err := h.objects.GetObject(ctx, &s3.GetObjectInput{Bucket: &p.Source.Bucket, Key: &p.Source.Key})
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	defer func() { _ = out.Body.Close() }()
	archive, err := os.CreateTemp("", "source-")
	if err != nil {
		return err
	}
	defer func() {
		_ = archive.Close()
		_ = os.Remove(archive.Name())
	}()
	size, err := io.Copy(archive, out.Body)
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	files, err := site.Read(archive, size, p.Files, p.Immutable)
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	return do(files)
}

// invalidate has a distribution forget paths, and does not wait until it has. Each
// attempt has a reference of its own, as CloudFront takes one for other paths than
// before as a mistake
// (https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_InvalidationBatch.html).
func (h handler) invalidate(ctx context.Context, distribution string, paths []string) error {
	_, err := h.distributions.CreateInvalidation(ctx, &cloudfront.CreateInvalidationInput{
		DistributionId: &distribution,
		InvalidationBatch: &types.InvalidationBatch{
			CallerReference: new(uuid.NewString()),
			Paths:           &types.Paths{Items: paths, Quantity: new(int32(len(paths)))},
		},
	})
	if err != nil {
		return fmt.Errorf("distribution %s: %w", distribution, err)
	}
	return nil
}

// delete removes the site's files, and no others. What is not the ID of the site
// was never created. A source that cannot be read any more leaves its files.
func (h handler) delete(ctx context.Context, is, id string, p properties) error {
	if p.Bucket == "" || is != id && is != failed+id {
		slog.InfoContext(ctx, "nothing to delete", "id", is)
		return nil
	}
	keys := slices.Sorted(maps.Keys(p.Files))
	if err := h.read(ctx, p, func(files []site.File) error {
		keys = nil
		for _, file := range files {
			keys = append(keys, file.Key)
		}
		return nil
	}); err != nil {
		slog.WarnContext(ctx, "the source's files stay", "error", err.Error())
	}
	err := site.Remove(ctx, bucket{h.objects, p.Bucket}, append(keys, site.Unfinished))
	if is == failed+id && err != nil {
		slog.WarnContext(ctx, "files of a failed creation stay", "error", err.Error())
		return nil
	}
	return short(err)
}

// short cuts an error down to what an answer has room for.
func short(err error) error {
	if err == nil || len(err.Error()) <= maxReason {
		return err
	}
	return errors.New(strings.ToValidUTF8(err.Error()[:maxReason], "") + "…")
}
