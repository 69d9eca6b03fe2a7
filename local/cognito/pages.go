package cognito

import (
	"crypto/subtle"
	_ "embed" // for the pages
	"errors"
	"html/template"
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

// page is what a hosted page shows. Its form goes where the page came from.
type page struct {
	Kind, Title, Problem string
	Query                template.URL // of links to the other pages
	Token                string
	EmailUsername        bool
	SignUp               bool
	Username, Code       string
	Attributes           []string
	Providers            []string
}

func (d *domain) pages(mux *http.ServeMux) {
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(style)
	})
	for path, p := range map[string]struct {
		title  string
		submit func(*submission) error
	}{
		"/login":   {"Sign in", d.submitLogin},
		"/signup":  {"Sign up", d.submitSignUp},
		"/confirm": {"Confirm your account", d.submitConfirm},
		"/forgot":  {"Reset your password", d.submitForgot},
		"/reset":   {"Choose a new password", d.submitReset},
	} {
		mux.HandleFunc("GET "+path, d.alone(func(w http.ResponseWriter, r *http.Request) { d.show(w, r, path[1:], p.title, p.submit) }))
		mux.HandleFunc("POST "+path, d.alone(func(w http.ResponseWriter, r *http.Request) { d.show(w, r, path[1:], p.title, p.submit) }))
	}
}

// submission is a form that was sent, and the request that it is for.
type submission struct {
	w       http.ResponseWriter
	r       *http.Request
	request *request
}

func (s *submission) field(name string) string { return s.r.PostForm.Get(name) }

// show shows a page, or does what its form asks for.
func (d *domain) show(w http.ResponseWriter, r *http.Request, kind, title string, submit func(*submission) error) {
	q, problem, _ := d.request(r.URL.Query())
	if problem != "" {
		d.problem(w, problem)
		return
	}
	token := d.formToken(w, r)
	status, problem := http.StatusOK, ""
	if provider := q.query.Get("identity_provider"); provider != "" && provider != "COGNITO" {
		problem = "Signing in with " + provider + " is not available locally."
	}
	if r.Method == http.MethodPost {
		if subtle.ConstantTimeCompare([]byte(token), []byte(r.PostForm.Get("csrf"))) != 1 {
			http.Error(w, "the form is not from this page: go back, reload it and try again", http.StatusForbidden)
			return
		}
		err := submit(&submission{w, r, q})
		if err == nil {
			return
		}
		status, problem = http.StatusBadRequest, err.Error()
		if failure, ok := errors.AsType[*api.Error](err); ok {
			problem = failure.Message
		}
	}
	shown := page{
		Kind: kind, Title: title, Problem: problem, Query: template.URL(without(q.query, "username").Encode()), Token: token,
		EmailUsername: d.pool.EmailUsername, SignUp: !d.pool.AdminOnly,
		Username: r.Form.Get("username"), Attributes: d.pool.asked(),
		Providers: slices.DeleteFunc(slices.Clone(q.client.Providers), func(name string) bool { return name == "COGNITO" }),
	}
	if u, err := d.pool.find(shown.Username); err == nil && u.code != nil && u.code.reset == (kind == "reset") {
		shown.Code = u.code.value
	}
	d.render(w, status, q, shown)
}

// asked are the attributes that sign-up asks for.
func (p *pool) asked() []string {
	asked := slices.Clone(p.Required)
	if p.VerifyEmail && !slices.Contains(asked, "email") {
		asked = append(asked, "email")
	}
	return slices.DeleteFunc(asked, func(name string) bool { return name == "sub" || name == "email" && p.EmailUsername })
}

func without(query url.Values, name string) url.Values {
	kept := url.Values{}
	for key, values := range query {
		if key != name {
			kept[key] = values
		}
	}
	return kept
}

// problem is a page for what no page can help with.
func (d *domain) problem(w http.ResponseWriter, text string) {
	d.render(w, http.StatusBadRequest, nil, page{Kind: "problem", Title: "Something is wrong", Problem: text})
}

// render also lets the form's answer redirect to the client, which browsers
// count as a part of sending the form.
func (d *domain) render(w http.ResponseWriter, status int, q *request, p page) {
	action := "'self'"
	if q != nil {
		if to, err := url.Parse(q.redirect); err == nil {
			action += " " + to.Scheme + "://" + to.Host
		}
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action "+action)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = pageTemplate.Execute(w, p)
}

// cookie is named after the domain, as cookies of all ports of a host are one.
func (d *domain) cookie(name, value string) *http.Cookie {
	return &http.Cookie{Name: name + "-" + d.name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// formToken is what a browser's forms must have, which pages of other sites do
// not know.
func (d *domain) formToken(w http.ResponseWriter, r *http.Request) string {
	if known, err := r.Cookie("csrf-" + d.name); err == nil && len(known.Value) == len(random()) {
		return known.Value
	}
	c := d.cookie("csrf", random())
	http.SetCookie(w, c)
	return c.Value
}

func (d *domain) session(r *http.Request) *session {
	c, err := r.Cookie("session-" + d.name)
	if err != nil {
		return nil
	}
	s, ok := d.pool.sessions[c.Value]
	if !ok || !d.now().Before(s.signedIn.Add(sessionLifetime)) {
		delete(d.pool.sessions, c.Value)
		return nil
	}
	return s
}

func (d *domain) submitLogin(s *submission) error {
	u, err := d.signIn(d.pool, s.field("username"), s.field("password"))
	switch {
	case has(err, "UserNotConfirmedException"):
		d.next(s, "/confirm")
		return nil
	case has(err, "UserNotFoundException"):
		return errIncorrect
	case err != nil:
		return err
	}
	d.signedIn(s, u)
	return nil
}

// signedIn remembers the browser and sends it back to the client.
func (d *domain) signedIn(s *submission, u *user) {
	id, started := random(), &session{u, d.now()}
	d.pool.sessions[id] = started
	http.SetCookie(s.w, d.cookie("session", id))
	d.complete(s.w, s.r, s.request, started)
}

// next sends the browser to another page for the same user.
func (d *domain) next(s *submission, path string) {
	query := without(s.request.query, "username")
	query.Set("username", s.field("username"))
	http.Redirect(s.w, s.r, path+"?"+query.Encode(), http.StatusSeeOther)
}

func (d *domain) submitSignUp(s *submission) error {
	attributes := map[string]string{}
	for _, name := range d.pool.asked() {
		attributes[name] = s.field(name)
	}
	if _, err := d.signUp(d.pool, s.request.client, s.field("username"), s.field("password"), attributes); err != nil {
		return err
	}
	d.next(s, "/confirm")
	return nil
}

func (d *domain) submitConfirm(s *submission) error {
	u, err := d.pool.find(s.field("username"))
	if err != nil {
		return errMismatch
	}
	if s.field("action") == "resend" && u.status == unconfirmed {
		d.send(d.pool, u, false)
		d.next(s, "/confirm")
		return nil
	}
	if err := d.confirm(d.pool, u, s.field("code")); err != nil {
		return err
	}
	d.signedIn(s, u)
	return nil
}

func (d *domain) submitForgot(s *submission) error {
	if u, err := d.pool.find(s.field("username")); err == nil && u.attributes["email_verified"] == "true" {
		d.send(d.pool, u, true)
	}
	d.next(s, "/reset")
	return nil
}

func (d *domain) submitReset(s *submission) error {
	u, err := d.pool.find(s.field("username"))
	if err != nil {
		return errMismatch
	}
	if err := d.resetPassword(d.pool, u, s.field("code"), s.field("password")); err != nil {
		return err
	}
	d.signedIn(s, u)
	return nil
}

// logout ends the browser's session
// (https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html).
func (d *domain) logout(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	c, ok := d.pool.clients[query.Get("client_id")]
	if !ok || !slices.Contains(c.Logouts, query.Get("logout_uri")) {
		d.problem(w, "The client_id and the logout_uri do not match a client's sign-out URL.")
		return
	}
	if known, err := r.Cookie("session-" + d.name); err == nil {
		delete(d.pool.sessions, known.Value)
	}
	gone := d.cookie("session", "")
	gone.MaxAge = -1
	http.SetCookie(w, gone)
	http.Redirect(w, r, query.Get("logout_uri"), http.StatusFound)
}
