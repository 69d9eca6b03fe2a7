// Command screenshots takes the pictures of the docs: it runs a cloud assembly of
// the reference app on this machine and visits its pages.
//
//	screenshots DIR PICTURES
//
// DIR holds the cloud assembly, with its functions built for this machine. The
// pictures go to the directory PICTURES.
package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/noidle/noidle/local"
	"github.com/noidle/noidle/test/visitor"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: screenshots DIR PICTURES")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

func run(assembly, pictures string) error {
	cloud, err := local.Start(assembly, local.Options{Report: func(message string) { fmt.Fprintln(os.Stderr, message) }})
	if err != nil {
		return err
	}
	defer cloud.Close()
	browser, err := visitor.Open()
	if err != nil {
		return err
	}
	defer browser.Close()
	photo, err := filepath.Abs(filepath.Join("docs", "photo.jpg"))
	if err != nil {
		return err
	}
	tour := tour{browser, pictures, cloud.Outputs(), photo}
	return errors.Join(tour.webApp(), tour.helloLambda(), tour.helloServerless())
}

// tour is a walk through the pages.
type tour struct {
	browser  *visitor.Browser
	pictures string
	outputs  map[string]map[string]string // by stack
	photo    string
}

// The screens of the pictures, as high as what they are to show.
var (
	desktop = visitor.Screen{Width: 1280, Height: 1880, Language: "en"}
	small   = visitor.Screen{Width: 800, Height: 600, Language: "en"}
	phone   = visitor.Screen{Width: 390, Height: 1100, Language: "ko", Dark: true}
)

// take writes a picture of what a visitor sees.
func (t tour) take(v *visitor.Visitor, name string) error {
	picture := v.Screenshot()
	if err := v.Err(); err != nil {
		return fmt.Errorf("%s: %w, with the page %s", name, err, v.Shown())
	}
	fmt.Println(name)
	return os.WriteFile(filepath.Join(t.pictures, name), picture, 0o644)
}

// webApp does all that there is to do on the reference page, on a desktop, and then
// looks at it on a phone.
func (t tour) webApp() error {
	url := t.outputs["NoidleWebApp"]["SiteUrl"]
	v := t.browser.Visit(desktop)
	defer v.Leave()
	v.Go(url)
	v.SignUp("kim@example.com", "Correct-Horse-1")
	v.Click("#send-samples")
	v.Click("#order-form button[type=submit]")
	v.Choose("#photo-input", t.photo)
	v.Await(`document.querySelectorAll("#order-steps .done").length === 4`)
	v.Await(`document.querySelector(".photo[data-status=READY] img")?.naturalWidth > 0`)
	v.AwaitText("#chart", "in your posts")
	if err := t.take(v, "web-app.png"); err != nil {
		return err
	}

	p := t.browser.Visit(phone)
	defer p.Leave()
	p.Go(url)
	p.Click("#order-form button[type=submit]")
	p.Await(`document.querySelectorAll("#order-steps .done").length === 4`)
	p.AwaitText("#chart", "#")
	return t.take(p, "web-app-phone.png")
}

// helloLambda shows the page of a link.
func (t tour) helloLambda() error {
	const html = `<body style="font: 2rem sans-serif; text-align: center; margin-top: 20vh"><h1>Hello, Lambda</h1><p>This page came with its link.</p>`
	v := t.browser.Visit(small)
	defer v.Leave()
	v.Go(t.outputs["HelloLambda"]["Url"] + "/?q=" + base64.RawURLEncoding.EncodeToString([]byte(html)))
	v.AwaitText("h1", "Hello, Lambda")
	return t.take(v, "lab-1.png")
}

// helloServerless signs the guestbook.
func (t tour) helloServerless() error {
	v := t.browser.Visit(small)
	defer v.Leave()
	v.Go(t.outputs["HelloServerless"]["Url"])
	v.Type("#name", "Kim")
	v.Type("#message", "Hello from Seoul. 안녕하세요!")
	v.Click("button")
	v.AwaitText("#entries", "Seoul")
	return t.take(v, "lab-2.png")
}
