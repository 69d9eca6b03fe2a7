// Package visitor visits pages in Chromium, as a person does.
package visitor

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Browser is a Chromium without a window.
type Browser struct {
	ctx  context.Context
	stop func()
}

// Open starts the Chromium of this machine, without a sandbox: what it is to visit
// is trusted. It returns an error if there is none, or if it does not start.
func Open() (*Browser, error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true),
	)
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	b := &Browser{ctx: ctx, stop: func() { cancel(); end() }}
	if err := chromedp.Do(ctx); err != nil {
		b.stop()
		return nil, fmt.Errorf("starting Chromium, which on Debian is the package chromium: %w", err)
	}
	return b, nil
}

// Close ends the browser and all visits.
func (b *Browser) Close() { b.stop() }

// Screen is how a visitor looks at pages.
type Screen struct {
	// Width and Height are in pixels. Less than 500 of width is a phone.
	Width, Height int64
	// Dark says that the visitor prefers dark colours.
	Dark bool
	// Language is what the visitor reads, such as ko.
	Language string
}

// Desktop is a common screen.
var Desktop = Screen{Width: 1280, Height: 900, Language: "en"}

// Visit returns a visitor without a past, who is at no page yet, and for whom
// nothing is to move on its own.
func (b *Browser) Visit(screen Screen) *Visitor {
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	v := &Visitor{ctx: ctx, Leave: cancel}
	v.err = chromedp.Listen(ctx, v.listen)
	scheme := "light"
	if screen.Dark {
		scheme = "dark"
	}
	var options []chromedp.EmulateViewportOption
	if screen.Width < 500 {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	do(v, chromedp.EmulateViewport(screen.Width, screen.Height, options...))
	do(v, call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	}))
	do(v, call(emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
		UserAgent: "Mozilla/5.0 (X11; Linux) Chrome", AcceptLanguage: screen.Language,
	}))
	return v
}

// call is a command to the browser as an action.
func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, command, params)
		return err
	})
}
