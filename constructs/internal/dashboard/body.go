// Package dashboard lays out CloudWatch dashboards: from resources to the JSON of a
// dashboard's body, without the CDK. The names of resources may be CDK tokens.
package dashboard

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// The quotas of a dashboard
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html).
const (
	MaxWidgets = 500
	MaxMetrics = 2500
)

// Body is the body of a dashboard
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html).
type Body struct {
	Widgets []Widget `json:"widgets"`
}

// Widget is a place of the grid, which is 24 units wide, and what is drawn there.
type Widget struct {
	Type       string     `json:"type"`
	X          int        `json:"x"`
	Y          int        `json:"y"`
	Width      int        `json:"width"`
	Height     int        `json:"height"`
	Properties Properties `json:"properties"`
}

// Properties are those of a text, alarm or metric widget.
type Properties struct {
	Title    string   `json:"title,omitempty"`
	Markdown string   `json:"markdown,omitempty"`
	Alarms   []string `json:"alarms,omitempty"`
	Region   string   `json:"region,omitempty"`
	View     string   `json:"view,omitempty"`
	Period   int      `json:"period,omitempty"`
	Metrics  [][]any  `json:"metrics,omitempty"`
	// Annotations has the lines across a graph as "horizontal".
	Annotations map[string][]Annotation `json:"annotations,omitempty"`
}

// Annotation is a horizontal line.
type Annotation struct {
	Label string  `json:"label"`
	Value float64 `json:"value"`
}

const (
	gridWidth   = 24
	graphWidth  = 8
	graphHeight = 6
	// alarmsPerWidget is the most that a widget shows
	// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html).
	alarmsPerWidget = 100
)

// New returns the JSON of a dashboard: a heading, the alarms by their ARNs, then the
// graphs of each use case, in the order in which its first resource comes. It is an
// error if there is nothing to draw or more than a dashboard holds.
func New(heading string, alarms []string, resources []Resource) (string, error) {
	if len(resources) == 0 {
		return "", errors.New("there is nothing to draw below the scopes: no resource that there are graphs for")
	}
	var l layout
	l.text(2, heading)
	for some := range slices.Chunk(alarms, alarmsPerWidget) {
		l.place(Widget{Type: "alarm", Width: gridWidth, Height: 2 + len(some)/8, Properties: Properties{Title: "Alarms", Alarms: some}})
	}
	var useCases []string
	members := map[string][]Resource{}
	for _, r := range resources {
		if members[r.UseCase] == nil {
			useCases = append(useCases, r.UseCase)
		}
		members[r.UseCase] = append(members[r.UseCase], r)
	}
	for _, useCase := range useCases {
		l.text(1, "## "+useCase)
		for _, graph := range draw(members[useCase]) {
			l.place(graph)
		}
	}
	if err := l.check(); err != nil {
		return "", err
	}
	body, err := json.Marshal(Body{Widgets: l.widgets})
	return string(body), err
}

// layout fills the grid from left to right, row by row.
type layout struct {
	x, y, height int // of the row that is being filled, of widgets of one height
	widgets      []Widget
}

func (l *layout) text(height int, markdown string) {
	l.place(Widget{Type: "text", Width: gridWidth, Height: height, Properties: Properties{Markdown: markdown}})
}

func (l *layout) place(w Widget) {
	if l.x+w.Width > gridWidth {
		l.x, l.y, l.height = 0, l.y+l.height, 0
	}
	w.X, w.Y = l.x, l.y
	l.x, l.height = l.x+w.Width, w.Height
	l.widgets = append(l.widgets, w)
}

func (l *layout) check() error {
	metrics := 0
	for _, w := range l.widgets {
		metrics += len(w.Properties.Metrics)
	}
	const way = "a dashboard holds at most %d: give some of the scopes a dashboard of their own"
	switch {
	case len(l.widgets) > MaxWidgets:
		return fmt.Errorf("%d widgets: "+way, len(l.widgets), MaxWidgets)
	case metrics > MaxMetrics:
		return fmt.Errorf("%d metrics: "+way, metrics, MaxMetrics)
	}
	return nil
}
