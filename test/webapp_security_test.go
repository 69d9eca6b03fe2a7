package test

import (
	"bufio"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/constructs/storage"
	"github.com/noidle/noidle/constructs/web"
	"github.com/noidle/noidle/local"
)

// webApp is the reference page, with all that it uses beside it.
type webApp struct {
	*stack
	client client
}

func openWebApp(t testing.TB) *webApp {
	t.Helper()
	a := &webApp{stack: openStack(t, "NoidleWebApp", local.Options{Clock: clockwork.NewFakeClock()})}
	config := a.config(t)
	a.client = client{config.SignIn.UserPoolID, config.SignIn.ClientID, config.SignIn.URL, a.outputs["SiteUrl"] + "/"}
	return a
}

// config is what /config.json holds, all of it.
type config struct {
	Region string `json:"region"`
	APIURL string `json:"apiUrl"`
	SignIn struct {
		URL        string   `json:"url"`
		ClientID   string   `json:"clientId"`
		UserPoolID string   `json:"userPoolId"`
		Scopes     []string `json:"scopes"`
		Providers  []string `json:"providers"`
	} `json:"signIn"`
}

func (a *webApp) config(t testing.TB) (c config) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(read(t, http.Get, a.outputs["SiteUrl"]+"/config.json")))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

// addresses are where the app's own API is: under the site, and by itself.
func (a *webApp) addresses() []string {
	return []string{a.outputs["SiteUrl"] + "/api", a.outputs["ApiUrl"]}
}

// logs returns the lines of the stack's log group whose name starts with prefix.
func (s *stack) logs(t testing.TB, prefix string) (lines []string) {
	t.Helper()
	logs := cloudwatchlogs.New(cloudwatchlogs.Options{Region: "us-east-1", BaseEndpoint: new(s.URL()), Credentials: anybody})
	groups, err := logs.DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: new(s.name + "-" + prefix)})
	if err != nil || len(groups.LogGroups) != 1 {
		t.Fatalf("log groups of %s are %v: %v", prefix, groups, err)
	}
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(logs, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: groups.LogGroups[0].LogGroupName})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range page.Events {
			lines = append(lines, *event.Message)
		}
	}
	return lines
}

// invocations is how often the function of the app's own API has run.
func (a *webApp) invocations(t testing.TB) (n int) {
	t.Helper()
	for _, line := range a.logs(t, "AppAPIFunctionLogGroup") {
		if strings.Contains(line, "platform.start") {
			n++
		}
	}
	return n
}

// reply is an answer.
type reply struct {
	status int
	header http.Header
	body   string
}

// send sends a request as it is written to http://host, and returns the answer, which
// has to come within ten seconds.
func send(host, request string) (reply, error) {
	connection, err := net.Dial("tcp", host)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = connection.Close() }()
	if err := connection.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return reply{}, err
	}
	// The server may answer and hang up before it has read all of it.
	_, _ = io.WriteString(connection, request)
	method, _, _ := strings.Cut(request, " ")
	answer, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: method})
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if errors.Is(err, syscall.ECONNRESET) { // the server has answered and not read all
		err = nil
	}
	return reply{answer.StatusCode, answer.Header, string(body)}, err
}

// ask sends a request with the lines of a header to an address, whose path goes
// before that of the request, both as they are.
func ask(t testing.TB, method, address, path, body string, lines ...string) reply {
	t.Helper()
	host, prefix, _ := strings.Cut(strings.TrimPrefix(address, "http://"), "/")
	if prefix != "" {
		prefix = "/" + prefix
	}
	lines = append([]string{method + " " + prefix + path + " HTTP/1.1", "Host: " + host, fmt.Sprintf("Content-Length: %d", len(body))}, lines...)
	r, err := send(host, strings.Join(lines, "\r\n")+"\r\n\r\n"+body)
	if err != nil {
		t.Fatalf("%s %s%.200s: %v", method, address, path, err)
	}
	return r
}

func bearer(token string) string { return "Authorization: Bearer " + token }

const asJSON = "Content-Type: application/json"

// encode is how the parts of a token are written.
func encode(part string) string { return base64.RawURLEncoding.EncodeToString([]byte(part)) }

func decode(t testing.TB, part string) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// forgeries are what takes after a good token and has to be refused, as lines of a
// header.
func (a *webApp) forgeries(t testing.TB, user signedIn) map[string][]string {
	t.Helper()
	parts := strings.Split(user.access, ".")
	head, claims := decode(t, parts[0]), decode(t, parts[1])
	var header struct {
		KeyID string `json:"kid"`
	}
	if err := json.Unmarshal([]byte(head), &header); err != nil {
		t.Fatal(err)
	}
	own, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	// sign returns a token that is good but for its key and, perhaps, its header.
	sign := func(keyID string, options *jose.SignerOptions) string {
		key := jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: own, KeyID: keyID}}
		signer, err := jose.NewSigner(key, options)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign([]byte(claims))
		if err != nil {
			t.Fatal(err)
		}
		token, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	keyURL := "http://127.0.0.1:1/keys"
	tampered := strings.Replace(claims, `"sub":"`, `"sub":"x`, 1)
	unsigned := func(algorithm string) string {
		return encode(`{"alg":"`+algorithm+`","kid":"`+header.KeyID+`"}`) + "." + parts[1] + "."
	}
	middle := len(parts[2]) / 2
	other := map[bool]string{true: "B", false: "A"}[parts[2][middle] == 'A']
	public := a.publicKey(t, header.KeyID)
	return map[string][]string{
		"no token":                 nil,
		"empty":                    {"Authorization:"},
		"scheme alone":             {"Authorization: Bearer"},
		"garbage":                  {bearer("garbage")},
		"three parts of garbage":   {bearer("a.b.c")},
		"bytes":                    {bearer("\xff\xfe.\x80.\x81")},
		"long":                     {bearer(strings.Repeat("a", 8000))},
		"another scheme":           {"Authorization: Basic " + user.access},
		"something after it":       {bearer(user.access + " x")},
		"one part too many":        {bearer(user.access + ".x")},
		"another key":              {bearer(sign(header.KeyID, nil))},
		"unknown key":              {bearer(sign("unknown", nil))},
		"no key":                   {bearer(sign("", nil))},
		"a path for a key":         {bearer(sign("../../dev/null", nil))},
		"a key of its own":         {bearer(sign("", &jose.SignerOptions{EmbedJWK: true}))},
		"the address of a key":     {bearer(sign(header.KeyID, (&jose.SignerOptions{}).WithHeader("jku", keyURL).WithHeader("x5u", keyURL)))},
		"not signed":               {bearer(unsigned("none"))},
		"not signed, in capitals":  {bearer(unsigned("NONE"))},
		"without its signature":    {bearer(parts[0] + "." + parts[1] + ".")},
		"signed by the public key": {bearer(macOf(header.KeyID, parts[1], public))},
		"changed claims":           {bearer(parts[0] + "." + encode(tampered) + "." + parts[2])},
		"changed header":           {bearer(encode(strings.Replace(head, "RS256", "RS512", 1)) + "." + parts[1] + "." + parts[2])},
		"changed signature":        {bearer(parts[0] + "." + parts[1] + "." + parts[2][:middle] + other + parts[2][middle+1:])},
		"twice":                    {bearer(user.access), bearer(user.access)},
		"a good and a bad one":     {bearer(user.access), bearer("bad")},
		"a bad and a good one":     {bearer("bad"), bearer(user.access)},
		"in a cookie":              {"Cookie: Authorization=" + user.access},
		"in another header":        {"X-Authorization: Bearer " + user.access, "X-Amzn-Remapped-Authorization: Bearer " + user.access},
	}
}

// publicKey is what the user pool publishes, in PEM.
func (a *webApp) publicKey(t testing.TB, id string) []byte {
	t.Helper()
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(read(t, http.Get, a.URL()+"/"+a.client.pool+"/.well-known/jwks.json")), &keys); err != nil || len(keys.Key(id)) != 1 {
		t.Fatalf("keys are %v: %v", keys, err)
	}
	der, err := x509.MarshalPKIXPublicKey(keys.Key(id)[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// macOf is a token whose algorithm takes the key for a secret.
func macOf(keyID, claims string, secret []byte) string {
	signed := encode(`{"alg":"HS256","kid":"`+keyID+`"}`) + "." + claims
	mac := hmac.New(sha256.New, secret)
	_, _ = io.WriteString(mac, signed)
	return signed + "." + encode(string(mac.Sum(nil)))
}

// TestTokens: whoever has no good token, or has it in the wrong place, is told so at
// every route, and the function never hears of it.
//
// An ID token is let in: its audience is the client, and nothing in it tells what it is
// for (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html).
func TestTokens(t *testing.T) {
	a := openWebApp(t)
	ann := a.signIn(t, a.client, "ann@example.com")
	const anyID = "/photos/01890a5d-ac96-774b-bcce-b302099a8057"
	refused := func(t *testing.T, path string, lines ...string) {
		t.Helper()
		a.elapse() // so that there are requests left
		for _, address := range a.addresses() {
			for _, route := range []string{"GET /photos", "POST /photos", "GET " + anyID, "DELETE " + anyID, "POST /posts"} {
				method, to, _ := strings.Cut(route, " ")
				got := ask(t, method, address, to+path, "", lines...)
				if got.status != http.StatusUnauthorized || got.header.Get("Www-Authenticate") == "" {
					t.Errorf("%s at %s: status %d, header %v, %s", route, address, got.status, got.header, got.body)
				}
			}
		}
	}
	forgeries := a.forgeries(t, ann)
	for _, name := range slices.Sorted(maps.Keys(forgeries)) {
		t.Run(name, func(t *testing.T) { refused(t, "", forgeries[name]...) })
	}
	t.Run("in the query", func(t *testing.T) {
		refused(t, "?access_token="+ann.access+"&Authorization=Bearer%20"+ann.access+"&authorization="+ann.access)
	})
	if n := a.invocations(t); n != 0 {
		t.Errorf("the function ran %d times for nobody", n)
	}
	statuses := func() (got []int) {
		for _, address := range a.addresses() {
			got = append(got, ask(t, "GET", address, "/photos", "", bearer(ann.access)).status, ask(t, "GET", address, "/photos", "", bearer(ann.id)).status)
		}
		return got
	}
	if diff := cmp.Diff([]int{200, 200, 200, 200}, statuses()); diff != "" {
		t.Errorf("good tokens (-want +got):\n%s", diff)
	}
	if n := a.invocations(t); n != 4 {
		t.Errorf("the function ran %d times, want 4", n)
	}
	a.clock.Advance(time.Hour + time.Second)
	if diff := cmp.Diff([]int{401, 401, 401, 401}, statuses()); diff != "" {
		t.Errorf("tokens an hour later (-want +got):\n%s", diff)
	}
}

// TestTokensOfOthers: tokens of another client of the pool, and of another pool, are
// as good as none.
func TestTokensOfOthers(t *testing.T) {
	const redirect = "http://localhost:8080/"
	s := openOwn(t, local.Options{}, func(app awscdk.App) {
		stack := awscdk.NewStack(app, new("Own"), nil)
		users, others := web.NewSignIn(stack, "Users", nil), web.NewSignIn(stack, "Others", nil)
		second := users.UserPool.AddClient(new("Second"), &awscognito.UserPoolClientOptions{OAuth: &awscognito.OAuthSettings{
			Flows:        &awscognito.OAuthFlows{AuthorizationCodeGrant: new(true)},
			Scopes:       &[]awscognito.OAuthScope{awscognito.OAuthScope_OPENID(), awscognito.OAuthScope_EMAIL()},
			CallbackUrls: &[]*string{new(redirect)},
		}})
		service := web.NewHTTPService(stack, "Service", &web.HTTPServiceProps{
			Package: "github.com/noidle/noidle/functions/guestbook", Routes: []web.Route{{Method: "GET", Path: "/entries"}},
			Table: &storage.TableProps{PartitionKey: "book", SortKey: "id"}, SignIn: users,
		})
		for name, value := range map[string]*string{
			"Pool": users.UserPool.UserPoolId(), "Client": users.Client.UserPoolClientId(), "SignIn": users.URL(), "Second": second.UserPoolClientId(),
			"OtherPool": others.UserPool.UserPoolId(), "OtherClient": others.Client.UserPoolClientId(), "OtherSignIn": others.URL(), "Url": service.URL(),
		} {
			awscdk.NewCfnOutput(stack, &name, &awscdk.CfnOutputProps{Value: value})
		}
	})
	for _, tt := range []struct {
		name   string
		client client
		want   int
	}{
		{"the client", client{s.outputs["Pool"], s.outputs["Client"], s.outputs["SignIn"], redirect}, 200},
		{"another client", client{s.outputs["Pool"], s.outputs["Second"], s.outputs["SignIn"], redirect}, 401},
		{"another pool", client{s.outputs["OtherPool"], s.outputs["OtherClient"], s.outputs["OtherSignIn"], redirect}, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			user := s.signIn(t, tt.client, "ann@example.com")
			for _, token := range []string{user.access, user.id} {
				if got := ask(t, "GET", s.outputs["Url"], "/entries", "", bearer(token)); got.status != tt.want {
					t.Errorf("status %d, want %d: %s", got.status, tt.want, got.body)
				}
			}
		})
	}
}

// announced is the answer to a photo that was announced.
type announced struct {
	ID     string
	Upload struct{ URL string }
}

// announce announces a photo.
func (a *webApp) announce(t testing.TB, user signedIn, draft string) (got announced) {
	t.Helper()
	answer := ask(t, "POST", a.outputs["ApiUrl"], "/photos", draft, asJSON, bearer(user.access))
	if err := json.Unmarshal([]byte(answer.body), &got); err != nil || answer.status != http.StatusCreated {
		t.Fatalf("announcing %s: %d %s, %v", draft, answer.status, answer.body, err)
	}
	return got
}

const goodPhoto = `{"name":"cat.png","type":"image/png","bytes":4}`

// TestPhotosAreTheirOwners: nobody lists, reads or deletes the photos of others,
// whatever they claim to be.
func TestPhotosAreTheirOwners(t *testing.T) {
	a := openWebApp(t)
	ann, bob := a.signIn(t, a.client, "ann@example.com"), a.signIn(t, a.client, "bob@example.com")
	photo := a.announce(t, ann, goodPhoto)
	var claims struct{ Sub string }
	if err := json.Unmarshal([]byte(decode(t, strings.Split(ann.access, ".")[1])), &claims); err != nil {
		t.Fatal(err)
	}
	pretending := []string{bearer(bob.access), "X-Sub: " + claims.Sub, "Sub: " + claims.Sub, `X-Amzn-Request-Context: {"authorizer":{"jwt":{"claims":{"sub":"` + claims.Sub + `"}}}}`}
	type call struct {
		route string
		who   []string
		want  int
	}
	for _, address := range a.addresses() {
		for _, c := range []call{
			{"GET /photos/" + photo.ID, pretending, 404},
			{"DELETE /photos/" + photo.ID, pretending, 404},
			{"GET /photos/" + strings.ToUpper(photo.ID), pretending, 404},
			{"GET /photos/" + claims.Sub, pretending, 404},
			{"GET /photos/" + claims.Sub + "%2F" + photo.ID, pretending, 404},
			{"DELETE /photos/..%2F" + claims.Sub + "%2F" + photo.ID, pretending, 404},
			{"GET /photos/" + photo.ID, []string{bearer(ann.access)}, 200},
		} {
			method, path, _ := strings.Cut(c.route, " ")
			if got := ask(t, method, address, path, "", c.who...); got.status != c.want {
				t.Errorf("%s at %s: status %d, want %d: %s", c.route, address, got.status, c.want, got.body)
			}
		}
		if got := ask(t, "GET", address, "/photos?owner="+claims.Sub+"&sub="+claims.Sub, "", pretending...); got.body != `{"photos":[]}` {
			t.Errorf("another's photos are %d %s", got.status, got.body)
		}
	}
}

// TestLocations: an order is where the answer says, at the API and under the site.
func TestLocations(t *testing.T) {
	a := openWebApp(t)
	for _, address := range []string{a.outputs["SiteUrl"] + "/api/orders", a.Outputs()[ordersStack]["OrdersUrl"]} {
		posted := ask(t, "POST", address, "", goodOrder, asJSON, "Idempotency-Key: key-of-"+address)
		base, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		to, err := base.Parse(posted.header.Get("Location"))
		if err != nil || posted.status != http.StatusAccepted {
			t.Fatalf("%s: %v, %v", address, posted, err)
		}
		if got := ask(t, "GET", "http://"+to.Host, to.Path, ""); got.status != http.StatusOK {
			t.Errorf("%s: status %d, want 200: %.300s", to, got.status, got.body)
		}
	}
}
