package cloudfront

import (
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
)

const (
	version = "2020-05-31"
	// maxPaths is how many paths may be invalidated at a time
	// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html#limits-invalidations).
	maxPaths = 3_000
	// maxWildcards is how many of them may end with an asterisk.
	maxWildcards = 15
	// maxPathChars is how long one may be
	// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html).
	maxPathChars = 4_000
)

// Service is the API of distributions, in the protocol REST-XML. It is safe for
// concurrent use.
type Service struct {
	clock clockwork.Clock

	mu            sync.Mutex
	distributions map[string]*Handler
	invalidations map[string][]*invalidation // by distribution
}

// NewService returns a service without distributions. Its invalidations are created
// at the clock's time.
func NewService(clock clockwork.Clock) *Service {
	return &Service{clock: clock, distributions: map[string]*Handler{}, invalidations: map[string][]*invalidation{}}
}

// Add makes a distribution known to the API.
func (s *Service) Add(h *Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.distributions[h.distribution.ID] = h
}

// OperationNames are the API's operations.
func OperationNames() []string { return []string{"CreateInvalidation", "GetInvalidation"} }

// ARN returns the ARN of a distribution.
func ARN(distribution string) string {
	return "arn:aws:cloudfront::" + api.Account + ":distribution/" + distribution
}

type batch struct {
	Paths struct {
		Quantity int
		Items    []string `xml:"Items>Path"`
	}
	CallerReference string
}

type invalidation struct {
	XMLName           xml.Name `xml:"http://cloudfront.amazonaws.com/doc/2020-05-31/ Invalidation"`
	ID                string   `xml:"Id"`
	Status            string
	CreateTime        string
	InvalidationBatch batch
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /"+version+"/distribution/{id}/invalidation", s.create)
	mux.HandleFunc("GET /"+version+"/distribution/{id}/invalidation/{invalidation}", s.get)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		WriteError(w, r, &api.Error{Code: "UnknownOperationException", Message: r.Method + " " + r.URL.Path + " is not supported locally", Status: http.StatusNotFound})
	})
	mux.ServeHTTP(w, r)
}

// create is CreateInvalidation
// (https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html).
func (s *Service) create(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	var in batch
	err := api.From(r.Context()).Authorize("cloudfront:CreateInvalidation", ARN(id), nil)
	if err == nil {
		if malformed := xml.NewDecoder(io.LimitReader(r.Body, 16<<20)).Decode(&in); malformed != nil {
			err = &api.Error{Code: "MalformedXML", Message: malformed.Error()}
		}
	}
	if err == nil {
		err = in.check()
	}
	var created *invalidation
	if err == nil {
		created, err = s.invalidate(id, in)
	}
	if err != nil {
		WriteError(w, r, err)
		return
	}
	w.Header().Set("Location", "https://cloudfront.amazonaws.com"+r.URL.Path+"/"+created.ID)
	writeXML(w, http.StatusCreated, created)
}

func (b *batch) check() error {
	switch {
	case b.CallerReference == "":
		return &api.Error{Code: "InvalidArgument", Message: "Your request must have a CallerReference."}
	case b.Paths.Quantity != len(b.Paths.Items):
		return &api.Error{Code: "InconsistentQuantities", Message: "The value of Quantity and the size of Items don't match."}
	case len(b.Paths.Items) == 0 || len(b.Paths.Items) > maxPaths:
		return &api.Error{Code: "InvalidArgument", Message: "Your request must have 1 to " + strconv.Itoa(maxPaths) + " paths."}
	}
	wildcards := 0
	for _, path := range b.Paths.Items {
		if strings.HasSuffix(path, "*") {
			wildcards++
		}
		if !strings.HasPrefix(path, "/") || len(path) > maxPathChars {
			return &api.Error{Code: "InvalidArgument", Message: "Your request contains one or more invalid invalidation paths: " + strconv.Quote(path) + "."}
		}
	}
	if wildcards > maxWildcards {
		return &api.Error{Code: "TooManyInvalidationsInProgress", Message: "Your request must have at most " + strconv.Itoa(maxWildcards) + " paths that end with an asterisk."}
	}
	return nil
}

// invalidate invalidates once for each reference of the caller.
func (s *Service) invalidate(id string, in batch) (*invalidation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, ok := s.distributions[id]
	if !ok {
		return nil, noDistribution
	}
	for _, earlier := range s.invalidations[id] {
		if earlier.InvalidationBatch.CallerReference != in.CallerReference {
			continue
		}
		if !slices.Equal(earlier.InvalidationBatch.Paths.Items, in.Paths.Items) {
			return nil, &api.Error{Code: "InvalidationBatchAlreadyExists", Message: "The caller reference was used for other paths."}
		}
		return earlier, nil
	}
	h.Invalidate(in.Paths.Items...)
	created := &invalidation{
		ID: "I" + strings.ToUpper(strings.ReplaceAll(uuid.NewString(), "-", ""))[:20], Status: "Completed",
		CreateTime: s.clock.Now().UTC().Format(time.RFC3339Nano), InvalidationBatch: in,
	}
	s.invalidations[id] = append(s.invalidations[id], created)
	return created, nil
}

var noDistribution = &api.Error{Code: "NoSuchDistribution", Message: "The specified distribution does not exist.", Status: http.StatusNotFound}

// get is GetInvalidation
// (https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_GetInvalidation.html).
func (s *Service) get(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if err := api.From(r.Context()).Authorize("cloudfront:GetInvalidation", ARN(id), nil); err != nil {
		WriteError(w, r, err)
		return
	}
	s.mu.Lock()
	_, ok := s.distributions[id]
	all := s.invalidations[id]
	s.mu.Unlock()
	i := slices.IndexFunc(all, func(one *invalidation) bool { return one.ID == r.PathValue("invalidation") })
	switch {
	case !ok:
		WriteError(w, r, noDistribution)
	case i < 0:
		WriteError(w, r, &api.Error{Code: "NoSuchInvalidation", Message: "The specified invalidation does not exist.", Status: http.StatusNotFound})
	default:
		writeXML(w, http.StatusOK, all[i])
	}
}

// codes are CloudFront's names of errors that all services have.
var codes = map[string]string{"AccessDeniedException": "AccessDenied", "ThrottlingException": "Throttling"}

// WriteError answers a request with an error in CloudFront's form. An error that is
// not an [api.Error] is an InternalError.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	failure, ok := errors.AsType[*api.Error](err)
	if !ok {
		failure = &api.Error{Code: "InternalError", Message: err.Error(), Status: http.StatusInternalServerError}
	}
	type fault struct{ Type, Code, Message string }
	answer := struct {
		XMLName   xml.Name `xml:"ErrorResponse"`
		Error     fault
		RequestID string `xml:"RequestId"`
	}{Error: fault{"Sender", cmp.Or(codes[failure.Code], failure.Code), failure.Message}, RequestID: api.From(r.Context()).RequestID}
	writeXML(w, cmp.Or(failure.Status, http.StatusBadRequest), answer)
}

func writeXML(w http.ResponseWriter, status int, answer any) {
	body, err := xml.Marshal(answer)
	if err != nil {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_, _ = w.Write(append([]byte(xml.Header), body...))
}
