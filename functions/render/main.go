// Command render answers GET /?q=... with the HTML that q holds in Base64.
package main

import "github.com/noidle/noidle/functions/kit/httpfn"

func main() { httpfn.Serve(handler()) }
