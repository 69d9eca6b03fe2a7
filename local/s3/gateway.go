package s3

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofiber/fiber/v3"
	"github.com/google/uuid"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/s3api"
	"github.com/versity/versitygw/s3api/middlewares"

	"github.com/noidle/noidle/local/api"
)

// unlimited is more connections and requests at once than there can be.
const unlimited = 1 << 20

// callHeader names, within this process, what was granted to a request. Clients
// do not sign it and cannot set it.
const callHeader = "Noidle-Call"

// gateway is the server of the protocol, and the proxy that leads to it.
type gateway struct {
	dir     string
	server  *s3api.S3ApiServer
	running sync.WaitGroup
	proxy   *httputil.ReverseProxy
	idle    func()
	granted sync.Map // *grant by callHeader
}

// grant is what this package knows of a request that it forwards.
type grant struct {
	// denied are the errors of objects that the caller may not delete, of those
	// that a DeleteObjects request names.
	denied map[objectID]error
	// address is where the request comes from.
	address string
}

type grantKey struct{}

// grantOf returns what was granted to the request that a context is of.
func grantOf(ctx context.Context) *grant {
	if g, ok := ctx.Value(grantKey{}).(*grant); ok {
		return g
	}
	return &grant{}
}

// startGateway starts the gateway over a new temporary directory.
func startGateway(s *store, secret func(string) (string, bool)) (*gateway, error) {
	dir, err := os.MkdirTemp("", "noidle-s3-")
	if err != nil {
		return nil, err
	}
	g := &gateway{dir: dir}
	s.dir = dir
	socket := filepath.Join(dir, "gateway")
	if err := g.serve(socket, s, secret); err != nil {
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("%w: a shorter TMPDIR may help, as sockets have short names", err)
	}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
		DisableCompression:  true, // what is stored compressed stays so
		MaxIdleConnsPerHost: 64,
	}
	g.idle = transport.CloseIdleConnections
	if err := await(transport); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	g.proxy = &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "gateway"
			r.Out.URL.RawQuery = r.In.URL.RawQuery
			r.Out.Host = r.In.Host // which is signed
		},
		ErrorHandler: WriteError,
		ErrorLog:     log.New(io.Discard, "", 0),
	}
	return g, nil
}

func (g *gateway) serve(socket string, s *store, secret func(string) (string, bool)) error {
	ready := make(chan struct{})
	// Nobody is the gateway's own administrator: each key has its own secret.
	nobody := middlewares.RootUserConfig{Access: uuid.NewString(), Secret: uuid.NewString()}
	server, err := s3api.New(s, nobody, api.Region, &accounts{secret: secret}, nil, nil, nil, nil,
		s3api.WithQuiet(), s3api.WithKeepAlive(), s3api.WithConcurrencyLimiter(unlimited, unlimited),
		s3api.WithMiddleware("/", g.withGrant), s3api.WithOnListen(func() { close(ready) }))
	if err != nil {
		return err
	}
	g.server = server
	ended := make(chan error, 1)
	g.running.Go(func() { ended <- server.ServeMultiPort([]string{socket}) })
	select {
	case <-ready:
		return nil
	case err := <-ended:
		return err
	}
}

// await waits until the gateway answers: what listens but does not serve yet could
// not be shut down.
func await(transport http.RoundTripper) error {
	r, err := http.NewRequest(http.MethodGet, "http://gateway/", nil)
	if err != nil {
		return err
	}
	r.Close = true
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return errors.Join(err, answer.Body.Close())
}

// withGrant gives the storage what was granted to the request. It reads what the
// gateway leaves of the body: clients fail if an answer ends the connection while
// they send.
func (g *gateway) withGrant(c fiber.Ctx) error {
	if granted, ok := g.granted.Load(c.Get(callHeader)); ok {
		c.Locals(grantKey{}, granted)
	}
	defer func() {
		if body := c.Request().BodyStream(); body != nil && c.Request().Header.ContentLength() > 0 {
			_, _ = io.Copy(io.Discard, body)
		}
	}()
	return c.Next()
}

// forward has the gateway answer a request, also to a client that has closed its
// half of the connection, which net/http takes for one that has gone.
func (g *gateway) forward(w http.ResponseWriter, r *http.Request, granted *grant) {
	id := uuid.NewString()
	g.granted.Store(id, granted)
	defer g.granted.Delete(id)
	r.Header.Set(callHeader, id)
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context())) // without an end, the proxy would watch the connection
	defer cancel()
	g.proxy.ServeHTTP(w, r.WithContext(ctx))
}

func (g *gateway) close() {
	g.idle()
	_ = g.server.ShutDown()
	g.running.Wait()
	_ = os.RemoveAll(g.dir)
}

// accounts are the gateway's accounts: of any access key that has a secret, and
// each may do everything, as the gateway gets only what is granted.
type accounts struct {
	auth.IAMServiceSingle
	secret func(accessKey string) (string, bool)
}

// DeriveSigningKey returns the key that signs a day's requests
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
// It implements [auth.SigningKeyProvider], so that session tokens are accepted:
// what they say is known from the access key.
func (a *accounts) DeriveSigningKey(access, _, date, region, service string) ([]byte, auth.Account, error) {
	secret, ok := a.secret(access)
	if !ok {
		return nil, auth.Account{}, auth.ErrNoSuchUser
	}
	key := []byte("AWS4" + secret)
	for _, part := range []string{date, region, service, "aws4_request"} {
		mac := hmac.New(sha256.New, key)
		_, _ = mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return key, auth.Account{Access: access, Role: auth.RoleAdmin}, nil
}

// modifyResponse tells a caller who may not list a bucket nothing of which keys
// it has not (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
func (s *Service) modifyResponse(answer *http.Response) error {
	answer.Header.Set("Server", "AmazonS3")
	for _, name := range []string{"X-Amz-Id-2", "X-Amz-Request-Id"} {
		if values := answer.Header[name]; len(values) > 1 { // The gateway sends them in two spellings.
			answer.Header[name] = values[:1]
		}
	}
	r := answer.Request
	call := api.From(r.Context())
	bucket, key := target(r)
	if answer.StatusCode != http.StatusNotFound || key == "" || call.Principal == nil || !s.HasBucket(bucket) ||
		r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil
	}
	err := call.Principal.Check("s3:ListBucket", ARN(bucket), nil)
	if err == nil {
		return nil
	}
	failure, ok := errors.AsType[*api.Error](err)
	if !ok {
		return err
	}
	_ = answer.Body.Close()
	status, body := encodeError(r, failure)
	answer.StatusCode, answer.Status = status, ""
	answer.Header = http.Header{"Content-Type": {"application/xml"}, "Server": {"AmazonS3"}}
	answer.Body, answer.ContentLength = bodyOf(r, body), int64(len(body))
	return nil
}
