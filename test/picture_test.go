package test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"hash/fnv"
	"math"
	"regexp"
	"strings"
)

// The size of the grid's unit and of the picture, in pixels.
const (
	unitWidth, unitHeight = 50, 40
	pictureWidth          = 24 * unitWidth
)

var colours = []string{"#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#17becf"}

// svg draws a dashboard: its layout, titles, names and levels as they are, and lines
// that are made up.
func svg(d drawn) []byte {
	var b bytes.Buffer
	height := 0
	for _, w := range d.Widgets {
		height = max(height, (w.Y+w.Height)*unitHeight)
	}
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="Helvetica, Arial, sans-serif" font-size="11">`+"\n", pictureWidth, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#f2f3f3"/>`+"\n", pictureWidth, height)
	for _, w := range d.Widgets {
		x, y, width, height := w.X*unitWidth+4, w.Y*unitHeight+4, w.Width*unitWidth-8, w.Height*unitHeight-8
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" fill="#fff" stroke="#d5dbdb"/>`+"\n", x, y, width, height)
		switch p := w.Properties; w.Type {
		case "text":
			size := 11
			if strings.HasPrefix(p.Markdown, "## ") {
				size = 17
			}
			for i, line := range wrap(plain(p.Markdown), 200) {
				label(&b, x+8, y+12+size/2+i*18, size, "#16191f", line)
			}
		case "alarm":
			label(&b, x+8, y+18, 13, "#16191f", p.Title)
			for i, arn := range p.Alarms {
				at := x + 8 + i%4*width/4
				fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="20" fill="#eaf6ed" stroke="#1d8102"/>`+"\n", at, y+28+i/4*24, width/4-12)
				label(&b, at+6, y+42+i/4*24, 11, "#1d8102", "OK  "+shorten(arn[strings.LastIndex(arn, ":")+1:], 40))
			}
		default:
			label(&b, x+8, y+18, 13, "#16191f", p.Title)
			graph(&b, x+8, y+28, width-16, height-88, p)
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// graph draws the lines of a graph, and below what they are.
func graph(b *bytes.Buffer, x, y, width, height int, p widgetProperties) {
	for i := range 4 {
		at := y + height*i/3
		fmt.Fprintf(b, `<path d="M%d %dH%d" stroke="#eaeded"/>`+"\n", x, at, x+width)
	}
	for i, level := range p.Annotations.Horizontal {
		at := y + 8 + 12*i
		fmt.Fprintf(b, `<path d="M%d %dH%d" stroke="#d13212" stroke-dasharray="4 3"/>`+"\n", x, at, x+width)
		label(b, x+width-100, at-2, 9, "#d13212", level.Label)
	}
	var lines []string
	for _, metric := range p.Metrics {
		if name, ok := metric[len(metric)-1].(map[string]any)["label"]; ok {
			lines = append(lines, fmt.Sprint(name))
		}
	}
	const shown = 9
	for i, name := range lines {
		colour := colours[i%len(colours)]
		fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="1.5"/>`+"\n", wave(p.Title+name, x, y, width, height), colour)
		if i < shown {
			label(b, x+i%3*width/3, y+height+16+i/3*13, 10, colour, "■ "+shorten(name, 22))
		}
	}
	if len(lines) > shown {
		label(b, x+width-60, y+height+16+3*13, 10, "#545b64", fmt.Sprintf("and %d more", len(lines)-shown))
	}
}

// wave is a line that is made up of its name.
func wave(name string, x, y, width, height int) string {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(name))
	seed := float64(hash.Sum32()%1000) / 1000
	var path strings.Builder
	for i := range 31 {
		at := float64(i) / 30
		value := 0.15 + 0.5*seed + 0.12*math.Sin(at*9+seed*20) + 0.06*math.Sin(at*17+seed*50)
		fmt.Fprintf(&path, "%c%d %.1f", "ML"[min(i, 1)], x+width*i/30, float64(y)+float64(height)*(1-max(value, 0)))
	}
	return path.String()
}

func label(b *bytes.Buffer, x, y, size int, colour, text string) {
	fmt.Fprintf(b, `<text x="%d" y="%d" font-size="%d" fill="%s">`, x, y, size, colour)
	_ = xml.EscapeText(b, []byte(text))
	b.WriteString("</text>\n")
}

var markdownLink = regexp.MustCompile(`\[([^]]*)\]\([^)]*\)`)

// plain takes the links and the marks of a heading out of Markdown.
func plain(markdown string) string {
	return strings.TrimPrefix(markdownLink.ReplaceAllString(markdown, "$1"), "## ")
}

// wrap breaks a text into lines.
func wrap(text string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		if last := lines[len(lines)-1]; len(last)+len(word) >= width {
			lines = append(lines, word)
		} else {
			lines[len(lines)-1] = strings.TrimSpace(last + " " + word)
		}
	}
	return lines
}

func shorten(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
