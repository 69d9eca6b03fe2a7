// Package web holds the constructs for web applications: HTTPService, an HTTP API in
// front of one Go function; SignIn, the accounts of users and the pages where they sign
// in; StaticSite, the files of a site behind a content delivery network; and
// ServerlessWebApp, which joins them under one address.
package web
