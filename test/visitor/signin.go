package visitor

// SignUp makes an account on the pages of a user pool, from a page with a button
// #sign-in, and comes back to it signed in. It takes the code, which on AWS arrives
// by e-mail, from the page of the local cloud.
func (v *Visitor) SignUp(email, password string) {
	v.Click("#sign-in")
	v.Click(`a[href^="/signup"]`)
	v.AwaitText("h1", "Sign up")
	v.AwaitText("#policy", "At least 12 characters")
	v.Type("#username", email)
	v.Type("#password", password)
	v.Click("button[type=submit]")
	v.Await(`document.querySelector("#sent")`)
	v.Type("#code", v.Text("#sent"))
	v.Click("button[type=submit]")
	v.Await(`document.querySelector("#sign-out")?.checkVisibility()`)
}
