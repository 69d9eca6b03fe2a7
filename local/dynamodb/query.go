package dynamodb

import (
	"cmp"

	"github.com/noidle/noidle/local/api"
)

// pageRequest are the members that Query and Scan share.
type pageRequest struct {
	TableName              string
	IndexName              string
	ConsistentRead         bool
	ExclusiveStartKey      item
	FilterExpression       *string
	Limit                  *int
	ProjectionExpression   *string
	ReturnConsumedCapacity string
	Select                 string
	substitutions
}

type queryInput struct {
	pageRequest
	KeyConditionExpression *string
	ScanIndexForward       *bool
}

type scanInput struct {
	pageRequest
	Segment       *int
	TotalSegments *int
}

type pageOutput struct {
	// Items is absent when only the count is asked for.
	Items            []item `json:",omitzero"`
	Count            int
	ScannedCount     int
	LastEvaluatedKey item              `json:",omitempty"`
	ConsumedCapacity *consumedCapacity `json:",omitempty"`
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
func (s *Service) query(call *api.Call, in *queryInput) (*pageOutput, error) {
	p := &page{
		request: &in.pageRequest,
		forward: in.ScanIndexForward == nil || *in.ScanIndexForward,
		outside: "The provided starting key is outside query boundaries based on provided conditions",
	}
	conditions, err := parse(&in.substitutions, keyConditionExpression, in.KeyConditionExpression, (*parser).keyConditions)
	a := access{action: "Query"}
	for name, c := range conditions {
		a.items = append(a.items, item{name: c.values[0]})
	}
	err = cmp.Or(err, p.parse("FilterExpression and KeyConditionExpression are null"))
	if conditions == nil {
		err = cmp.Or(err, invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."))
	}
	if err := s.open(call, p, a, err); err != nil {
		return nil, err
	}
	if p.span, err = p.table.span(p.view, conditions); err != nil {
		return nil, err
	}
	for _, name := range p.view.Key.names() {
		if in.attributes[filterExpression][name] {
			return nil, invalid("Filter Expression can only contain non-primary key attributes: Primary key attribute: %s", name)
		}
	}
	return p.read()
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html
func (s *Service) scan(call *api.Call, in *scanInput) (*pageOutput, error) {
	p := &page{
		request: &in.pageRequest,
		forward: true,
		outside: "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment.",
	}
	err := p.parse("FilterExpression is null")
	segment, problem := in.segment()
	if err := s.open(call, p, access{action: "Scan"}, cmp.Or(err, problem)); err != nil {
		return nil, err
	}
	p.span = segment
	return p.read()
}

// maxSegments is how many parts a scan may have
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html).
const maxSegments = 1000000

// segment returns the places that a segment of a parallel scan has: a range of
// the hashes of partition keys.
func (in *scanInput) segment() (span, error) {
	switch {
	case in.Segment == nil && in.TotalSegments == nil:
		return span{}, nil
	case in.TotalSegments == nil:
		return span{}, invalid("The TotalSegments parameter is required but was not present in the request when Segment parameter is present")
	case in.Segment == nil:
		return span{}, invalid("The Segment parameter is required but was not present in the request when parameter TotalSegments is present")
	}
	segment, total := *in.Segment, *in.TotalSegments
	switch {
	case total < 1:
		return span{}, constraint(total, "totalSegments", "Member must have value greater than or equal to 1")
	case total > maxSegments:
		return span{}, constraint(total, "totalSegments", "Member must have value less than or equal to 1000000")
	case segment < 0:
		return span{}, constraint(segment, "segment", "Member must have value greater than or equal to 0")
	case segment >= total:
		return span{}, invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: %d is not less than TotalSegments: %d", segment, total)
	}
	return span{hashBound(segment, total), hashBound(segment+1, total)}, nil
}
