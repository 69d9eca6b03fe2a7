package cognito

import (
	"crypto/rand"
	_ "embed" // for the pages
	"errors"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/noidle/noidle/local/api"
)

//go:embed page.html
var pageText string

//go:embed style.css
var style []byte

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// sessionLifetime is for how long a browser is not asked again
// (https://docs.aws.amazon.com/cognito/latest/developerguide/managed-login.html).
const sessionLifetime = time.Hour

// session is a browser that is signed in.
type session struct {
	user     *user
	signedIn time.Time
}

// visit is a request for a page, and what the page shows. Its form goes where
// the page came from.
type visit struct {
	w       http.ResponseWriter
	r       *http.Request
	request *request

	Kind, Title, Problem string
	Pool                 *pool
	Username, Code       string
	Challenge            string   // the ID of one that wants a new password
	Attributes           []string // that the form asks for
}

func (v *visit) field(name string) string { return v.r.PostForm.Get(name) }

// Link is the address of another page.
func (v *visit) Link(path string) string { return path + "?" + v.query().Encode() }

func (v *visit) query() url.Values {
	query := maps.Clone(v.request.query)
	query.Del("username")
	return query
}

// attributes are those that the form asks for.
func (v *visit) attributes() map[string]string {
	attributes := map[string]string{}
	for _, name := range v.Attributes {
		attributes[name] = v.field(name)
	}
	return attributes
}

// pages serves the pages. Forms of other sites are refused.
func (d *domain) pages(mux *http.ServeMux) {
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(style)
	})
	for _, page := range []struct {
		kind, title string
		submit      func(*visit) error
	}{
		{"login", "Sign in", d.submitLogin},
		{"signup", "Sign up", d.submitSignUp},
		{"confirm", "Confirm your account", d.submitConfirm},
		{"forgot", "Reset your password", d.submitForgot},
		{"reset", "Choose a new password", d.submitReset},
	} {
		handle := http.NewCrossOriginProtection().Handler(d.alone(func(w http.ResponseWriter, r *http.Request) {
			d.serve(&visit{w: w, r: r, Kind: page.kind, Title: page.title, Pool: d.pool}, page.submit)
		}))
		mux.Handle("GET /"+page.kind, handle)
		mux.Handle("POST /"+page.kind, handle)
	}
}

// serve shows a page, or does what its form asks for.
func (d *domain) serve(v *visit, submit func(*visit) error) {
	q, problem, _ := d.request(v.r.URL.Query())
	if problem != "" {
		http.Error(v.w, problem, http.StatusBadRequest)
		return
	}
	v.request, v.Username, v.Challenge, v.Attributes = q, v.r.Form.Get("username"), v.field("challenge"), d.pool.asked()
	if c, ok := d.pool.challenges[v.Challenge]; ok {
		v.Attributes = d.pool.missing(c.user.attributes)
	}
	if provider := q.query.Get("identity_provider"); provider != "" && provider != "COGNITO" {
		v.Problem = "Signing in with " + provider + " is not available locally."
	}
	status := http.StatusOK
	if v.r.Method == http.MethodPost {
		err := submit(v)
		if err == nil {
			return
		}
		status, v.Problem = http.StatusBadRequest, err.Error()
		if failure, ok := errors.AsType[*api.Error](err); ok {
			v.Problem = failure.Message
		}
	}
	if u, err := d.pool.find(v.Username); err == nil && u.code != nil && u.code.reset == (v.Kind == "reset") {
		v.Code = u.code.value
	}
	v.show(status)
}

// asked are the attributes that sign-up asks for.
func (p *pool) asked() []string {
	asked := p.missing(nil)
	if p.VerifyEmail && !slices.Contains(asked, "email") {
		asked = append(asked, "email")
	}
	return slices.DeleteFunc(asked, func(name string) bool { return name == "email" && p.EmailUsername })
}

// show also lets the form's answer redirect to the client, which browsers count
// as a part of sending the form.
func (v *visit) show(status int) {
	action := "'self'"
	if to, err := url.Parse(v.request.redirect); err == nil {
		action += " " + to.Scheme + "://" + to.Host
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action "+action)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin")
	v.w.WriteHeader(status)
	_ = pageTemplate.Execute(v.w, v)
}

// next sends the browser to another page for the same user.
func (v *visit) next(path string) {
	query := v.query()
	query.Set("username", v.field("username"))
	http.Redirect(v.w, v.r, path+"?"+query.Encode(), http.StatusSeeOther)
}

func (d *domain) submitLogin(v *visit) error {
	if v.Challenge != "" {
		u, err := d.answer(d.pool, v.request.client, v.Challenge, v.field("password"), v.attributes())
		return d.signedIn(v, u, err)
	}
	u, asked, err := d.signIn(d.pool, v.request.client, v.field("username"), v.field("password"))
	switch {
	case err == errUnconfirmed:
		v.next("/confirm")
		return nil
	case err == errUserNotFound:
		return errIncorrect
	case asked != nil:
		v.Challenge, v.Attributes = asked.id, d.pool.missing(asked.user.attributes)
		return fail("", "Your password is temporary: choose a new one.")
	}
	return d.signedIn(v, u, err)
}

// signedIn remembers the browser and sends it back to the client, unless signing
// in failed.
func (d *domain) signedIn(v *visit, u *user, err error) error {
	if err != nil {
		return err
	}
	id, started := rand.Text(), &session{u, d.now()}
	d.pool.sessions[id] = started
	http.SetCookie(v.w, d.cookie(id))
	d.complete(v.w, v.r, v.request, started)
	return nil
}

func (d *domain) submitSignUp(v *visit) error {
	_, err := d.signUp(d.pool, v.field("username"), v.field("password"), v.attributes())
	if err == nil {
		v.next("/confirm")
	}
	return err
}

func (d *domain) submitConfirm(v *visit) error {
	u, err := d.pool.find(v.field("username"))
	if err != nil {
		return errMismatch
	}
	if v.field("action") == "resend" && u.status == unconfirmed {
		d.sendCode(d.pool, u, false)
		v.next("/confirm")
		return nil
	}
	return d.signedIn(v, u, d.confirm(d.pool, u, v.field("code")))
}

// submitForgot does not tell whether a user exists.
func (d *domain) submitForgot(v *visit) error {
	if u, err := d.pool.find(v.field("username")); err == nil {
		if err := d.forgot(d.pool, u); err != nil {
			return err
		}
	}
	v.next("/reset")
	return nil
}

func (d *domain) submitReset(v *visit) error {
	u, err := d.pool.find(v.field("username"))
	if err != nil {
		return errMismatch
	}
	return d.signedIn(v, u, d.resetPassword(d.pool, u, v.field("code"), v.field("password")))
}

// cookie is named after the domain, as cookies of all ports of a host are one.
func (d *domain) cookie(session string) *http.Cookie {
	return &http.Cookie{Name: "session-" + d.name, Value: session, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// session is nil for a browser that is not signed in.
func (d *domain) session(r *http.Request) *session {
	c, err := r.Cookie(d.cookie("").Name)
	if err != nil {
		return nil
	}
	return d.pool.sessions[c.Value]
}

// logout ends the browser's session
// (https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html).
func (d *domain) logout(w http.ResponseWriter, r *http.Request) {
	query, gone := r.URL.Query(), d.cookie("")
	c, ok := d.pool.clients[query.Get("client_id")]
	if !ok || !slices.Contains(c.Logouts, query.Get("logout_uri")) {
		http.Error(w, "the client_id and the logout_uri do not match a client's sign-out URL", http.StatusBadRequest)
		return
	}
	if known, err := r.Cookie(gone.Name); err == nil {
		delete(d.pool.sessions, known.Value)
	}
	gone.MaxAge = -1
	http.SetCookie(w, gone)
	http.Redirect(w, r, query.Get("logout_uri"), http.StatusFound)
}
