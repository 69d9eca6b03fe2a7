package dynamodb

import "regexp"

type tokenKind int

// The kinds of tokens in expressions.
const (
	endToken tokenKind = iota
	symbolToken
	identifierToken
	nameToken  // #name
	valueToken // :value
	indexToken // 12
)

type token struct {
	kind       tokenKind
	text       string
	start, end int
}

// lexical has a group for each kind of token: placeholders of names and values,
// indexes, identifiers and symbols. A character that does not belong into an
// expression is a symbol that no rule knows.
var lexical = regexp.MustCompile(`(?s)\s*(?:(#\w+)|(:\w+)|([0-9]+)|([a-zA-Z]\w*)|(<>|<=|>=|\S))`)

// tokenize splits an expression.
func tokenize(expression string) []token {
	kinds := []tokenKind{nameToken, valueToken, indexToken, identifierToken, symbolToken}
	var all []token
	for _, match := range lexical.FindAllStringSubmatchIndex(expression, -1) {
		for n, kind := range kinds {
			if start, end := match[2*n+2], match[2*n+3]; start >= 0 {
				all = append(all, token{kind, expression[start:end], start, end})
			}
		}
	}
	return append(all, token{start: len(expression), end: len(expression)})
}
