package visitor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is for how long a visitor waits for something.
const patience = 2 * time.Minute

// Visitor visits pages, one at a time. Once something fails, nothing more is done,
// and Err tells what it was.
type Visitor struct {
	// Leave ends the visit.
	Leave func()

	ctx        context.Context
	err        error
	mu         sync.Mutex
	complaints []string
}

// Err returns the first thing that failed.
func (v *Visitor) Err() error { return v.err }

// Shown returns the address and the text of the page, whatever has failed.
func (v *Visitor) Shown() string {
	text, err := chromedp.Run(v.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return text
}

// Complaints returns the errors and warnings in the browser's console since it was
// last called.
func (v *Visitor) Complaints() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	complaints := v.complaints
	v.complaints = nil
	return complaints
}

func (v *Visitor) listen(event any) {
	var complaint string
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		complaint = (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error()
	case *runtime.EventConsoleAPICalled:
		if e.Type != runtime.ConsoleAPICalledTypeError && e.Type != runtime.ConsoleAPICalledTypeWarning {
			return
		}
		for _, argument := range e.Args {
			complaint += string(argument.Value) + argument.Description
		}
	case *log.EventEntryAdded:
		complaint = strings.TrimSpace(e.Entry.Text + " " + e.Entry.URL)
	default:
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.complaints = append(v.complaints, complaint)
}

// do does something within the visitor's patience.
func do[T any](v *Visitor, action chromedp.Action[T]) (result T) {
	if v.err != nil {
		return result
	}
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	result, v.err = chromedp.Run(ctx, action)
	return result
}

// on does something and says in its error to what.
func on(v *Visitor, what, selector string, action chromedp.Action[chromedp.Void]) {
	if v.err == nil {
		do(v, action)
		if v.err != nil {
			v.err = fmt.Errorf("%s %s: %w", what, selector, v.err)
		}
	}
}

// Go opens the page at a URL.
func (v *Visitor) Go(url string) { on(v, "opening", url, chromedp.Navigate(url)) }

// Click clicks on the element of a CSS selector, once it is there, visible and enabled,
// and again if it has moved away from under the mouse. A page that a click leads to
// knows of none.
func (v *Visitor) Click(selector string) {
	element := "document.querySelector(" + strconv.Quote(selector) + ")"
	for missed := true; missed && v.err == nil; {
		v.Await(element)
		again(v, "watching "+selector, chromedp.Evaluate[chromedp.Void]("window.clicked = false; "+element+`?.addEventListener("click", () => window.clicked = true, { once: true, capture: true })`))
		on(v, "clicking on", selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible, chromedp.NodeEnabled))
		missed = again(v, "clicking on "+selector, chromedp.Evaluate[bool]("window.clicked === false"))
	}
}

// Type types into the field of a CSS selector, once it is there, visible and enabled.
func (v *Visitor) Type(selector, text string) {
	on(v, "typing into", selector, chromedp.SendKeys(chromedp.CSS(selector), text, chromedp.NodeVisible, chromedp.NodeEnabled))
	v.Await("document.querySelector(" + strconv.Quote(selector) + ").value.endsWith(" + strconv.Quote(text) + ")")
}

// Press presses keys, such as those of chromedp's package kb.
func (v *Visitor) Press(keys string) { on(v, "pressing", strconv.Quote(keys), chromedp.KeyEvent(keys)) }

// Choose chooses files in the file field of a CSS selector.
func (v *Visitor) Choose(selector string, files ...string) {
	v.Await("!document.querySelector(" + strconv.Quote(selector) + ")?.disabled")
	on(v, "choosing files in", selector, chromedp.SetUploadFiles(chromedp.CSS(selector), files, chromedp.NodeReady))
}

// Await waits until a JavaScript expression is true, on this page or the next.
func (v *Visitor) Await(expression string) {
	again(v, "waiting for "+expression, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(0)))
}

// again does something on this page or, if that is left meanwhile, on the next.
func again[T any](v *Visitor, what string, action chromedp.Action[T]) (result T) {
	if v.err != nil {
		return result
	}
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	for {
		result, err := chromedp.Run(ctx, action)
		if err == nil {
			return result
		}
		if _, wrong := errors.AsType[*chromedp.ExceptionError](err); wrong || ctx.Err() != nil {
			v.err = fmt.Errorf("%s: %w", what, err)
			return result
		}
	}
}

// AwaitText waits until the element of a CSS selector shows a text.
func (v *Visitor) AwaitText(selector, text string) {
	v.Await("document.querySelector(" + strconv.Quote(selector) + ")?.innerText.includes(" + strconv.Quote(text) + ")")
}

// Text returns the text of the element of a CSS selector, as it is seen.
func (v *Visitor) Text(selector string) string {
	return Evaluate[string](v, "document.querySelector("+strconv.Quote(selector)+").innerText")
}

// Evaluate returns the value of a JavaScript expression on a visitor's page, or
// what its promise comes to.
func Evaluate[T any](v *Visitor, expression string) T {
	return do(v, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// networkConditions are parameters of Network.emulateNetworkConditions
// (https://chromedevtools.github.io/devtools-protocol/tot/Network/#method-emulateNetworkConditions),
// which cdproto no longer has, and whose successor Chromium 148 does not take.
type networkConditions struct {
	Offline            bool    `json:"offline"`
	Latency            float64 `json:"latency"`
	DownloadThroughput float64 `json:"downloadThroughput"`
	UploadThroughput   float64 `json:"uploadThroughput"`
}

var emulateNetworkConditions = cdp.Command[networkConditions, cdp.Empty]{Method: "Network.emulateNetworkConditions"}

// Online cuts the visitor off the network, or lets the visitor come back.
func (v *Visitor) Online(online bool) {
	do(v, call(emulateNetworkConditions, networkConditions{Offline: !online, DownloadThroughput: -1, UploadThroughput: -1}))
}

// Screenshot returns a picture of what is on the screen, a PNG.
func (v *Visitor) Screenshot() []byte { return do(v, chromedp.CaptureScreenshot()) }

// Violations returns what the accessibility checker axe, the text of whose script is
// given, has against the page (https://github.com/dequelabs/axe-core).
func (v *Visitor) Violations(axe string) []string {
	Evaluate[chromedp.Void](v, axe)
	return slices.Compact(Evaluate[[]string](v, `axe.run().then(result => result.violations.flatMap(
		violation => violation.nodes.map(node => violation.id + ": " + node.target + ": " + node.failureSummary)))`))
}
