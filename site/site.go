// Package site is the reference page: one page on which a visitor places an
// order, signs in, uploads photos and watches trends. It is plain HTML, CSS and ES
// modules in English and Korean, without a build step, for the origin that serves
// the APIs under the apiUrl of its /config.json. It works under a content security
// policy without inline scripts and styles; what it connects to besides its own
// origin is the sign-in of /config.json and the addresses of photos.
package site

import "embed"

// Files are the files of the page. Only config.json is missing: the deployment
// writes it.
//
//go:embed *.html *.css *.svg *.js
var Files embed.FS
