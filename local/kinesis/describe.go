package kinesis

import (
	"maps"
	"math/big"
	"slices"
	"sort"
	"time"

	"github.com/noidle/noidle/local/api"
)

// output is an operation's output, or a part of it, where no client needs more.
type output map[string]any

// describe returns up to limit shards after the one with an ID, and whether there
// are more. All are open
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_Shard.html).
func (st *stream) describe(after string, limit int) (described []output, last *shard, more bool) {
	rest := st.shards[sort.Search(len(st.shards), func(i int) bool { return st.shards[i].id > after }):]
	described = []output{}
	for _, last = range rest[:min(limit, len(rest))] {
		described = append(described, output{
			"ShardId": last.id,
			"HashKeyRange": output{
				"StartingHashKey": new(big.Int).SetBytes(last.start[:]).String(),
				"EndingHashKey":   st.endingHashKey(last).String(),
			},
			"SequenceNumberRange": output{"StartingSequenceNumber": st.sequence(last, 0, st.created.UnixMilli())},
		})
	}
	return described, last, len(rest) > limit
}

// summary returns what every description of a stream has.
func (st *stream) summary() output {
	mode := "PROVISIONED"
	if st.OnDemand {
		mode = "ON_DEMAND"
	}
	return output{
		"StreamName":              st.Name,
		"StreamARN":               StreamARN(st.Name),
		"StreamStatus":            "ACTIVE",
		"StreamModeDetails":       output{"StreamMode": mode},
		"StreamCreationTimestamp": api.Timestamp{Time: st.created},
	}
}

// settings returns the summary and what is described of one stream alone.
func (st *stream) settings() output {
	all := st.summary()
	all["RetentionPeriodHours"] = int(st.Retention / time.Hour)
	all["EncryptionType"] = "NONE"
	all["EnhancedMonitoring"] = []output{{"ShardLevelMetrics": []string{}}}
	return all
}

type describeStreamInput struct {
	target
	ExclusiveStartShardID string `json:"ExclusiveStartShardId"`
	Limit                 *int
}

func (s *Service) describeStream(st *stream, in *describeStreamInput) (output, error) {
	limit, err := within("limit", in.Limit, 100, 10_000)
	description := st.settings()
	description["Shards"], _, description["HasMoreShards"] = st.describe(in.ExclusiveStartShardID, min(limit, 100))
	return output{"StreamDescription": description}, err
}

type describeStreamSummaryInput struct{ target }

func (s *Service) describeStreamSummary(st *stream, _ *describeStreamSummaryInput) (output, error) {
	description := st.settings()
	description["OpenShardCount"] = len(st.shards)
	description["ConsumerCount"] = 0
	description["MaxRecordSizeInKiB"] = maximumRecord >> 10
	return output{"StreamDescriptionSummary": description}, nil
}

type listShardsInput struct {
	target
	ExclusiveStartShardID string `json:"ExclusiveStartShardId"`
	MaxResults            *int
	NextToken             *token
}

func (in listShardsInput) arn() (string, error) {
	switch {
	case in.NextToken == nil:
		return in.target.arn()
	case in.StreamName != "" || in.ExclusiveStartShardID != "":
		return "", invalid("NextToken and StreamName or ExclusiveStartShardId cannot be provided together.")
	}
	return StreamARN(in.NextToken.stream), nil
}

func (s *Service) listShards(st *stream, in *listShardsInput) (output, error) {
	limit, err := within("maxResults", in.MaxResults, 1000, 10_000)
	if err != nil {
		return nil, err
	}
	now, after := s.clock.Now(), in.ExclusiveStartShardID
	st.lock(now)
	defer st.mutex.Unlock()
	if in.NextToken != nil {
		sh, expired, err := in.NextToken.find(st, now)
		switch {
		case err != nil:
			return nil, err
		case expired:
			return nil, fail("ExpiredNextTokenException", "The NextToken is older than %s.", maximumAge)
		}
		after = sh.id
	}
	described, last, more := st.describe(after, min(limit, 1000))
	out := output{"Shards": described}
	if more {
		out["NextToken"] = token{st.Name, last.index, last.first, now.UnixMilli()}
	}
	return out, nil
}

type listStreamsInput struct {
	ExclusiveStartStreamName string
	Limit                    *int
	// NextToken is the last name of the page before.
	NextToken string
}

func (s *Service) listStreams(call *api.Call, in *listStreamsInput) (output, error) {
	if err := call.Authorize("kinesis:ListStreams", "*", nil); err != nil {
		return nil, err
	}
	limit, err := within("limit", in.Limit, 100, 10_000)
	if err != nil {
		return nil, err
	}
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	names := slices.Sorted(maps.Keys(s.streams))
	names = slices.DeleteFunc(names, func(name string) bool { return name <= max(in.ExclusiveStartStreamName, in.NextToken) })
	page := names[:min(limit, 100, len(names))]
	summaries := []output{}
	for _, name := range page {
		summaries = append(summaries, s.streams[name].summary())
	}
	out := output{"StreamNames": page, "StreamSummaries": summaries, "HasMoreStreams": len(page) < len(names)}
	if len(page) < len(names) {
		out["NextToken"] = page[len(page)-1]
	}
	return out, nil
}
