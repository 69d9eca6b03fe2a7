package test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/local"
	"github.com/noidle/noidle/test/visitor"
)

// openBrowser starts the browser that visits pages in a test.
func openBrowser(t *testing.T) *visitor.Browser {
	t.Helper()
	browser, err := visitor.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(browser.Close)
	return browser
}

// guest is a visitor of a test, which what the visitor cannot do ends.
type guest struct {
	*visitor.Visitor
	t *testing.T
}

// visit opens a page in a browser.
func visit(t *testing.T, browser *visitor.Browser, screen visitor.Screen, url string) guest {
	t.Helper()
	g := guest{browser.Visit(screen), t}
	t.Cleanup(g.Leave)
	g.Go(url)
	g.check()
	return g
}

// visitReference opens the reference page and waits until it is ready.
func visitReference(t *testing.T, app *stack, browser *visitor.Browser, screen visitor.Screen) guest {
	t.Helper()
	g := visit(t, browser, screen, app.outputs["SiteUrl"])
	g.Await(`!document.querySelector("#sign-in").disabled`)
	g.check()
	return g
}

// check ends the test if something went wrong.
func (g guest) check() {
	g.t.Helper()
	if err := g.Err(); err != nil {
		g.t.Fatalf("%v\nthe page shows:\n%s", err, g.Shown())
	}
}

// content checks that the page is accessible, and what the browser complains of.
func (g guest) content(expected ...string) {
	g.t.Helper()
	if violations := g.Violations(string(readFile(g.t, "../node_modules/axe-core/axe.min.js"))); len(violations) > 0 {
		g.t.Errorf("the page is not accessible:\n%s", strings.Join(violations, "\n"))
	}
	g.complaints(expected...)
}

// complaints checks that the browser complains of what is expected, in messages
// that hold it, and of nothing else.
func (g guest) complaints(expected ...string) {
	g.t.Helper()
	g.check()
	complaints := g.Complaints()
	for _, complaint := range complaints {
		if !slices.ContainsFunc(expected, func(part string) bool { return strings.Contains(complaint, part) }) {
			g.t.Errorf("the browser complains: %s", complaint)
		}
	}
	for _, part := range expected {
		if !slices.ContainsFunc(complaints, func(complaint string) bool { return strings.Contains(complaint, part) }) {
			g.t.Errorf("the browser does not complain of %s, but of %q", part, complaints)
		}
	}
}

// TestBrowserStranger: on the reference page, a stranger signs up, moves the trends,
// places an order and follows it to its end, and sees the thumbnails of a photo.
func TestBrowserStranger(t *testing.T) {
	app := openStack(t, webAppStack, local.Options{})
	g := visitReference(t, app, openBrowser(t), visitor.Desktop)
	g.content()

	g.SignUp("kim@example.com", "Correct-Horse-1")
	g.AwaitText("#user", "kim@example.com")
	g.content()

	g.Click("#send-samples")
	g.Type("#post-text", "I saw the #aurora")
	g.Click("#post-form button[type=submit]")
	g.AwaitText("#post-live", "Posts accepted: 1.")

	g.Click("#order-form button[type=submit]")
	g.Await(`document.querySelectorAll("#order-steps .done").length === 4`)

	photo, err := filepath.Abs("../docs/photo.jpg")
	if err != nil {
		t.Fatal(err)
	}
	g.Choose("#photo-input", photo)
	g.Await(`document.querySelector(".photo[data-status=READY] img")?.naturalWidth > 0`)
	g.content()

	g.AwaitText("#chart", "in your posts")
	g.content()

	g.Go(app.outputs["SiteUrl"])
	g.AwaitText("#photos", "photo.jpg")
	g.Click(".photo button")
	g.Await(`!document.querySelector(".photo")`)
	g.Click("#sign-out")
	g.Await(`document.querySelector("#sign-in")?.checkVisibility()`)
	g.complaints()
	// The next deployment uses it.
	unused := slices.DeleteFunc(neverUsed(t, webAppStack, app.Report()), func(grant string) bool {
		return strings.Contains(grant, "cloudfront:CreateInvalidation")
	})
	if len(unused) > 0 {
		t.Errorf("granted and never used: %q", unused)
	}
}

// TestBrowserMovingButton: a visitor clicks again on what moves away under the mouse.
func TestBrowserMovingButton(t *testing.T) {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<!doctype html><title>Page</title><button onclick="this.textContent = 'clicked'"
			onmousedown="this.style.marginTop ||= '400px'">Click</button>`)
	}))
	defer page.Close()
	g := visit(t, openBrowser(t), visitor.Desktop, page.URL)
	g.Click("button")
	if text := g.Text("button"); text != "clicked" {
		t.Errorf("the button is %q", text)
	}
}

// TestBrowserErrors: what goes wrong is said where it went wrong, with a way on.
func TestBrowserErrors(t *testing.T) {
	app := openStack(t, webAppStack, local.Options{})
	browser := openBrowser(t)

	t.Run("an order that cannot be paid is undone", func(t *testing.T) {
		g := visitReference(t, app, browser, visitor.Desktop)
		g.Click("input[value=tok_declined]")
		g.Click("#order-form button[type=submit]")
		g.Await(`document.querySelector(".step[data-step=PAID].failed") && document.querySelector(".step[data-step=RESERVED].undone")`)
		g.content()
	})
	t.Run("a double click, and a reload", func(t *testing.T) {
		g := visitReference(t, app, browser, visitor.Desktop)
		orders := visitor.Evaluate[int](g.Visitor, `(async () => {
			const form = document.querySelector("#order-form");
			const clicks = [new SubmitEvent("submit", { cancelable: true }), new SubmitEvent("submit", { cancelable: true })];
			for (const click of clicks) { // the second with the time that it has, whenever the first is answered
				form.dispatchEvent(click);
				while (form.querySelector("button[type=submit]").disabled) await new Promise((resolve) => setTimeout(resolve, 5));
			}
			return performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/api/orders")).length;
		})()`)
		if orders != 1 {
			t.Errorf("a double click places %d orders", orders)
		}
		id := g.Text("#order-id")
		g.Go(app.outputs["SiteUrl"])
		g.AwaitText("#order-id", id)
		g.Await(`document.querySelectorAll("#order-steps .done").length === 4`)
		g.complaints()
	})
	t.Run("no network", func(t *testing.T) {
		g := visitReference(t, app, browser, visitor.Desktop)
		g.Online(false)
		g.Click("#order-form button[type=submit]")
		g.AwaitText("#order-error", "Try again")
		g.content("ERR_INTERNET_DISCONNECTED")
		g.Online(true)
		g.Click("#order-error button")
		g.Await(`document.querySelectorAll("#order-steps .done").length === 4`)
		g.check()
	})
	t.Run("a file that is no photo", func(t *testing.T) {
		g := visitReference(t, app, browser, visitor.Desktop)
		g.SignUp("lee@example.com", "Correct-Horse-2")
		g.Choose("#photo-input", newFile(t, "cat.jpg", "meow"), newFile(t, "notes.txt", "meow"))
		g.Await(`document.querySelector(".photo[data-status=REJECTED]")`)
		g.AwaitText("#photos", "notes.txt")
		g.content()
	})
	t.Run("photos that do not arrive", func(t *testing.T) {
		g := visitReference(t, app, browser, visitor.Desktop)
		g.SignUp("park@example.com", "Correct-Horse-4")
		g.AwaitText("#photos", "No photos yet")
		cards := visitor.Evaluate[int](g.Visitor, `(() => {
			XMLHttpRequest.prototype.send = function () { this.onerror(); };
			const files = new DataTransfer();
			for (const name of ["a.png", "b.png", "c.png"]) files.items.add(new File(["meow"], name, { type: "image/png" }));
			document.querySelector("#photo-input").files = files.files;
			document.querySelector("#photo-input").dispatchEvent(new Event("change"));
			return document.querySelectorAll(".photo").length;
		})()`)
		if cards != 3 {
			t.Errorf("%d of three photos are shown at once", cards)
		}
		g.Await(`document.querySelectorAll(".photo .error").length === 3`)
		for left := 3; left > 0; left-- {
			g.Await(`document.querySelectorAll(".photo").length === ` + strconv.Itoa(left))
			g.Click(".photo button")
		}
		g.AwaitText("#photos", "No photos yet")
		g.Go(app.outputs["SiteUrl"])
		g.AwaitText("#photos", "No photos yet")
		g.complaints()
	})
	t.Run("a token that no longer counts", func(t *testing.T) {
		g := visitReference(t, app, browser, visitor.Desktop)
		g.SignUp("choi@example.com", "Correct-Horse-3")
		g.AwaitText("#user", "choi@example.com")
		visitor.Evaluate[bool](g.Visitor, `Object.keys(sessionStorage).forEach(key =>
			sessionStorage.setItem(key, sessionStorage.getItem(key).replace(/"([^"]{20,})\.[^".]{20,}"/g, '"$1.AAAAAAAAAAAAAAAAAAAA"'))) ?? true`)
		g.Go(app.outputs["SiteUrl"])
		g.Await(`document.querySelector("#notice, #photos").innerText.includes("ign in")`)
		g.content("401")
	})
	t.Run("nothing there", func(t *testing.T) {
		g := visit(t, browser, visitor.Desktop, app.outputs["SiteUrl"]+"/no/such/page")
		g.AwaitText("h1", "")
		g.content("404")
	})
}

// newFile writes a file of a name.
func newFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestBrowserPhone: in Korean, in the dark, on a small phone, nothing is cut off
// (https://www.w3.org/WAI/WCAG22/Understanding/reflow.html).
func TestBrowserPhone(t *testing.T) {
	app := openStack(t, webAppStack, local.Options{})
	phone := visitor.Screen{Width: 320, Height: 740, Dark: true, Language: "ko"}
	g := visitReference(t, app, openBrowser(t), phone)
	g.AwaitText("#sign-in", "로그인")
	g.Await(`document.documentElement.lang === "ko" && document.documentElement.scrollWidth <= innerWidth && document.querySelector(".brand").offsetHeight <= 44`)
	g.content()
	g.Click("#language")
	g.AwaitText("#sign-in", "Sign in")
	g.content()
}

// TestBrowserKeyboard: an order takes no mouse.
func TestBrowserKeyboard(t *testing.T) {
	app := openStack(t, webAppStack, local.Options{})
	g := visitReference(t, app, openBrowser(t), visitor.Desktop)
	g.Press(kb.Tab)
	var focused []string
	for range 12 {
		focused = append(focused, visitor.Evaluate[string](g.Visitor, `document.activeElement.id || document.activeElement.name || document.activeElement.className || document.activeElement.innerText`))
		if !visitor.Evaluate[bool](g.Visitor, `document.activeElement.matches(":focus-visible") && getComputedStyle(document.activeElement).outlineStyle !== "none" || getComputedStyle(document.activeElement.closest("label") ?? document.body).outlineStyle !== "none"`) {
			t.Errorf("the focus on %s is not to be seen", focused[len(focused)-1])
		}
		g.Press(kb.Tab)
	}
	if diff := cmp.Diff([]string{"skip", "brand", "language", "sign-in", "sku", "payment", "order-quantity"}, focused[:7]); diff != "" {
		t.Errorf("order of focus (-want +got):\n%s", diff)
	}
	g.Go(app.outputs["SiteUrl"])
	g.Await(`!document.querySelector("#sign-in").disabled`)
	for range 5 {
		g.Press(kb.Tab)
	}
	g.Press(kb.ArrowDown)
	g.AwaitText("#order-total", "22,000")
	g.Press(kb.Enter)
	g.Await(`document.querySelectorAll("#order-steps .done").length === 4`)
	g.complaints()
}

// TestBrowserLabs: the guestbook shows what is written into it as text, and a page of
// the first lab runs in no origin.
func TestBrowserLabs(t *testing.T) {
	labs := openStack(t, helloServerlessStack, local.Options{})
	browser := openBrowser(t)

	t.Run("guestbook", func(t *testing.T) {
		g := visit(t, browser, visitor.Desktop, labs.outputs["Url"])
		g.Type("#name", "Kim <b>")
		g.Type("#message", `<img src=x onerror="document.title='broken'"> 안녕`)
		g.Click("button")
		g.AwaitText("#status", "Thank you")
		g.AwaitText("#entries", `<img src=x onerror="document.title='broken'"> 안녕`)
		if title := visitor.Evaluate[string](g.Visitor, "document.title"); title != "Guestbook" {
			t.Errorf("the title is %q", title)
		}
		g.content()
	})
	t.Run("render", func(t *testing.T) {
		// <h1 id=a></h1><script>a.innerText = "in " + self.origin</script>
		url := labs.Outputs()[helloLambdaStack]["Url"] + "/?q=PGgxIGlkPWE-PC9oMT48c2NyaXB0PmEuaW5uZXJUZXh0ID0gImluICIgKyBzZWxmLm9yaWdpbjwvc2NyaXB0Pg"
		g := visit(t, browser, visitor.Desktop, url)
		g.AwaitText("h1", "in null")
		g.complaints()
	})
}
