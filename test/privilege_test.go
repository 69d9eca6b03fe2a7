package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local"
	"github.com/noidle/noidle/local/cloudwatch"
	"github.com/noidle/noidle/local/iam"
)

// unproven are the grants of the reference stacks that no run needs here, by what
// their lines contain, and why they are granted all the same.
var unproven = []struct{ part, reason string }{
	{" xray:", "there are no traces on this machine"},
	{"/Publish/Function/Role cloudfront:CreateInvalidation ", "a site's first deployment has nothing to invalidate, the next one does"},
	{"Analytics/DeliveryRole ", "Firehose is documented to need it where something fails or a file is large, see documented"},
}

// TestLeastPrivilege: every grant of every role of the reference app is the only one
// that allows some call that a run makes, and without any one statement, taken out of
// the templates, something fails. What needs no proof says why.
func TestLeastPrivilege(t *testing.T) {
	dir := referenceApp(t).dir
	all := openJourney(t, dir)
	if !all.travel(t) {
		t.Fatalf("the journey does not arrive with all grants: %s; denied %q", all.at, deniedCalls(all.Cloud))
	}
	everyday := needed(all.Report().Roles)
	proven := maps.Clone(everyday)
	maps.Copy(proven, needed(referenceCampaign(t).Roles))
	maps.Copy(proven, needed(storm(t, dir, allProven(proven)).Report().Roles))
	t.Run("every grant is needed", func(t *testing.T) {
		checkProven(t, all.Report().Roles, proven)
	})
	t.Run("without a statement", func(t *testing.T) {
		copied := t.TempDir()
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		for _, stack := range []string{ordersStack, thumbnailsStack, analyticsStack, webAppStack, helloLambdaStack, helloServerlessStack} {
			for _, s := range statements(t, copied, stack) {
				check := checkStorm
				if s.needed(everyday) {
					check = checkJourney
				}
				if !s.needed(proven) {
					t.Logf("%s is excused", s.name)
					continue
				}
				t.Run(s.name, func(t *testing.T) {
					s.remove(t)
					check(t, copied)
				})
			}
		}
	})
}

// line names a grant of a role.
func line(role string, g iam.Grant) string { return role + " " + g.Action + " " + g.Resource }

// needed are the grants without which calls would have been denied.
func needed(roles []iam.RoleReport) map[string]bool {
	grants := map[string]bool{}
	for _, r := range roles {
		for _, g := range r.Sole {
			grants[line(r.Role, g.Grant)] = true
		}
	}
	return grants
}

// checkProven: what is granted is needed, or its reason is known.
func checkProven(t *testing.T, roles []iam.RoleReport, proven map[string]bool) {
	t.Helper()
	grants, excused := 0, make([]int, len(unproven))
	for _, r := range roles {
		for _, g := range r.Granted {
			grants++
			grant := line(r.Role, g.Grant)
			if proven[grant] {
				continue
			}
			i := slices.IndexFunc(unproven, func(u struct{ part, reason string }) bool { return strings.Contains(grant, u.part) })
			if i < 0 || strings.Contains(grant, "/DeliveryRole ") && !documented("Own/Analytics/DeliveryRole "+g.Action+" "+g.Resource) {
				t.Errorf("no call needs %s", grant)
				continue
			}
			excused[i]++
		}
	}
	for i, u := range unproven {
		if excused[i] == 0 {
			t.Errorf("no grant is excused by %q: take it out", u.part)
		}
		t.Logf("%d grants with %q are not proven: %s", excused[i], u.part, u.reason)
	}
	t.Logf("%d grants of %d roles", grants, len(roles))
}

// storm is orders placed while everything goes wrong, until done or, after many
// rounds, without luck: a payment is refunded, and a key given back, only if several
// faults meet.
func storm(t *testing.T, dir string, done func(*shop) bool) *shop {
	t.Helper()
	s := &shop{openStackOf(t, dir, ordersStack, local.Options{Clock: clockwork.NewFakeClock(), Chaos: 0.4, Seed: 1})}
	for round := 0; round < 10 && !done(s); round++ {
		s.postAll(t, newDrafts(40*round, 40))
		for !done(s) && (s.count(t, "OrderQueue") > 0 || s.sagas(t) > 0) {
			s.clock.Advance(time.Second) // also while functions run: not the orders count here
		}
	}
	return s
}

// sagas is how many executions of the state machine are running, up to a hundred.
func (s *shop) sagas(t *testing.T) int {
	t.Helper()
	client := sfn.New(sfn.Options{Region: "us-east-1", BaseEndpoint: new(s.URL()), Credentials: anybody})
	out, err := client.ListExecutions(t.Context(), &sfn.ListExecutionsInput{
		StateMachineArn: new(s.outputs["OrderSaga"]), StatusFilter: sfntypes.ExecutionStatusRunning,
	})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Executions)
}

// allProven says whether all grants of the orders' roles are needed here or proven.
func allProven(proven map[string]bool) func(*shop) bool {
	return func(s *shop) bool {
		now := needed(s.Report().Roles)
		return !slices.ContainsFunc(s.Report().Roles, func(r iam.RoleReport) bool {
			return strings.HasPrefix(r.Role, ordersStack+"/") && slices.ContainsFunc(r.Granted, func(g iam.Count) bool {
				grant := line(r.Role, g.Grant)
				return !strings.HasPrefix(g.Action, "xray:") && !proven[grant] && !now[grant]
			})
		})
	}
}

// journey is one of everything that users do, in all stacks.
type journey struct {
	*webApp
	at string // how far it has come
}

func openJourney(t *testing.T, dir string) *journey {
	t.Helper()
	s := openStackOf(t, dir, webAppStack, local.Options{Clock: clockwork.NewFakeClockAt(time.Now().Add(-10 * time.Minute))})
	a := &webApp{stack: s}
	config := a.config(t)
	a.client = client{config.SignIn.UserPoolID, config.SignIn.ClientID, config.SignIn.URL, a.outputs["SiteUrl"] + "/"}
	return &journey{webApp: a}
}

// deniedCalls are those that roles were denied.
func deniedCalls(c *local.Cloud) (calls []string) {
	for _, r := range c.Report().Roles {
		for _, d := range r.Denied {
			calls = append(calls, line(r.Role, d.Grant))
		}
	}
	return calls
}

// parked says whether a photo is in the dead-letter queue, of which its alarm tells.
func (j *journey) parked() bool {
	return slices.ContainsFunc(j.Alarms(), func(s cloudwatch.Status) bool {
		return strings.HasPrefix(s.Name, thumbnailsStack+"-") && s.State == "ALARM"
	})
}

// until lets seconds pass until something is so. It returns false if a role is
// denied something, a photo is parked, or nothing comes of it.
func (j *journey) until(what string, seconds int, so func() bool) bool {
	j.at = what
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); j.pass(seconds) {
		if len(deniedCalls(j.Cloud)) > 0 || j.parked() {
			return false
		}
		if so() {
			return true
		}
		time.Sleep(10 * time.Millisecond) // lest time flies, and tokens expire
	}
	return false
}

// travel returns whether it arrives with no role denied anything.
func (j *journey) travel(t *testing.T) bool {
	t.Helper()
	streamed, user := j.streamed(t), j.signIn(t, j.client, "ann@example.com")
	return j.labs(t) && j.photo(t, user) && j.orders(t) && j.posts(t, user, streamed) && len(deniedCalls(j.Cloud)) == 0
}

func (j *journey) labs(t *testing.T) bool {
	outputs := j.Outputs()
	guestbook := outputs[helloServerlessStack]["Url"]
	for _, r := range []struct{ method, address, path, body string }{
		{"GET", j.outputs["SiteUrl"], "/", ""}, {"GET", outputs[helloLambdaStack]["Url"], "/", ""},
		{"POST", guestbook, "/api/entries", goodEntry}, {"GET", guestbook, "/api/entries", ""},
	} {
		if !j.until(r.method+" "+r.path, 1, func() bool { return ask(t, r.method, r.address, r.path, r.body, asJSON).status < 300 }) {
			return false
		}
	}
	return true
}

// photo announces a photo, uploads it, looks at its thumbnail and deletes it.
func (j *journey) photo(t *testing.T, user signedIn) bool {
	good := newPhoto(t, 1, rand.New(rand.NewPCG(1, 1)))
	var photo announced
	api := func(method, path, body string, want int, into any) func() bool {
		return func() bool {
			answer := ask(t, method, j.outputs["ApiUrl"], path, body, asJSON, bearer(user.access))
			return answer.status == want && (into == nil || json.Unmarshal([]byte(answer.body), into) == nil)
		}
	}
	put := func() bool {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, photo.Upload.URL, bytes.NewReader(good.file))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "image/png")
		answer, err := http.DefaultClient.Do(r)
		return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	}
	var shown struct {
		Status     string
		Thumbnails []struct{ URL string }
	}
	see := func() bool {
		shown.Status = ""
		return api("GET", "/photos/"+photo.ID, "", 200, &shown)() && shown.Status == "READY"
	}
	entries := func() int { return len(j.scan(t, j.Outputs()[thumbnailsStack]["ThumbnailIndex"])) }
	draft := fmt.Sprintf(`{"name":"cat.png","type":"image/png","bytes":%d}`, len(good.file))
	return j.until("announcing a photo", 1, api("POST", "/photos", draft, 201, &photo)) &&
		j.until("uploading the photo", 1, put) &&
		j.until("the photo's thumbnails", 1, see) &&
		j.until("all photos", 1, api("GET", "/photos", "", 200, nil)) &&
		j.until("looking at a thumbnail", 1, func() bool { return len(shown.Thumbnails) == 3 && j.opens(t, shown.Thumbnails[0].URL) }) &&
		j.until("deleting the photo", 1, api("DELETE", "/photos/"+photo.ID, "", 204, nil)) &&
		j.until("its entry is gone", 1, func() bool { return entries() == 0 })
}

func (j *journey) opens(t *testing.T, url string) bool {
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}

// orders places an order that is completed, and one whose payment is declined.
func (j *journey) orders(t *testing.T) bool {
	outputs := j.Outputs()[ordersStack]
	for i, token := range []string{"tok_ok", "tok_declined"} {
		d := newDraft(i, token, map[string]int{"book-1": 1})
		if !j.until("placing an order", 1, func() bool {
			return ask(t, "POST", outputs["OrdersUrl"], "", d.body, asJSON, "Idempotency-Key: "+d.key).status == http.StatusAccepted
		}) {
			return false
		}
	}
	var records []map[string]string
	return j.until("the orders' ends", 5, func() bool {
		records = j.scan(t, outputs["OrdersTable"])
		return len(records) == 2 && !slices.ContainsFunc(records, func(r map[string]string) bool { return r["status"] != "COMPLETED" && r["status"] != "FAILED" })
	}) && j.until("reading an order", 1, func() bool {
		return ask(t, "GET", outputs["OrdersUrl"], "/"+records[0]["orderId"], "").status == http.StatusOK
	})
}

// streamed puts a post and what is none into the stream, and returns when.
func (j *journey) streamed(t *testing.T) time.Time {
	t.Helper()
	at := j.clock.Now().UTC()
	feed := newFeed(j.stack)
	for _, data := range []string{
		fmt.Sprintf(`{"id":"1","user":"u","text":"hi #go","lang":"en","createdAt":%q}`, at.Format("2006-01-02T15:04:05.000Z")), "none",
	} {
		if _, err := feed.streams.PutRecord(t.Context(), &kinesis.PutRecordInput{
			StreamName: new(j.Outputs()[analyticsStack]["StreamName"]), PartitionKey: new("1"), Data: []byte(data),
		}); err != nil {
			t.Fatal(err)
		}
	}
	return at
}

// posts sends a post over the app, and waits for the count of the one that was
// streamed, for the reason of what is none, and for the archive.
func (j *journey) posts(t *testing.T, user signedIn, streamed time.Time) bool {
	outputs := j.Outputs()[analyticsStack]
	analytics := newAlbum(&stack{Cloud: j.Cloud, outputs: outputs, queues: j.queues})
	counted := func() bool {
		answer := ask(t, "GET", outputs["TrendsUrl"], "?at="+streamed.Format(time.RFC3339), "")
		return answer.status == http.StatusOK && strings.Contains(answer.body, `"go"`)
	}
	return j.until("sending a post", 1, func() bool {
		return ask(t, "POST", j.outputs["ApiUrl"], "/posts", goodPosts, asJSON, bearer(user.access)).status < 300
	}) && j.until("the post's count", 20, counted) &&
		j.until("what is no post", 20, func() bool { return analytics.count(t, "FailuresQueue") == 1 }) &&
		j.until("the archive", 20, func() bool { return len(analytics.list(t, "ArchiveBucket")) > 0 })
}

// statement is one of a role's in an assembly.
type statement struct {
	name   string
	role   string
	action any
	remove func(t *testing.T)
}

// needed says whether it has an action of a grant.
func (s statement) needed(grants map[string]bool) bool {
	for grant := range grants {
		if slices.ContainsFunc(list(s.action), func(action any) bool { return strings.HasPrefix(grant, fmt.Sprintf("%s %v ", s.role, action)) }) {
			return true
		}
	}
	return false
}

// statements returns those of a stack's roles.
func statements(t *testing.T, dir, stack string) (found []statement) {
	t.Helper()
	file := stack + ".template.json"
	var parsed struct {
		Resources map[string]struct {
			Properties struct {
				Roles          []struct{ Ref string }
				PolicyDocument struct{ Statement []struct{ Action any } }
			}
			Metadata map[string]any
		}
	}
	readJSON(t, filepath.Join(dir, file), &parsed)
	for _, id := range slices.Sorted(maps.Keys(parsed.Resources)) {
		policy := parsed.Resources[id].Properties
		if len(policy.Roles) == 0 {
			continue // it is a resource's
		}
		path, _ := parsed.Resources[policy.Roles[0].Ref].Metadata["aws:cdk:path"].(string)
		role := strings.TrimSuffix(path, "/Resource")
		for i, s := range policy.PolicyDocument.Statement {
			found = append(found, statement{fmt.Sprintf("%s %v", role, s.Action), role, s.Action, func(t *testing.T) { remove(t, dir, file, id, i) }})
		}
	}
	return found
}

// remove takes a statement out of a policy of an assembly until the test ends.
func remove(t *testing.T, dir, file, policy string, statement int) {
	t.Helper()
	file = filepath.Join(dir, file)
	whole := readFile(t, file)
	t.Cleanup(func() { write(t, file, whole) })
	var parsed map[string]any
	readJSON(t, file, &parsed)
	properties := parsed["Resources"].(map[string]any)[policy].(map[string]any)["Properties"].(map[string]any)
	document := properties["PolicyDocument"].(map[string]any)
	document["Statement"] = slices.Delete(document["Statement"].([]any), statement, statement+1)
	text, err := json.Marshal(parsed)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, text)
}

// checkStorm: without a statement, some role is denied a call in a storm.
func checkStorm(t *testing.T, dir string) {
	t.Helper()
	s := storm(t, dir, func(s *shop) bool { return len(deniedCalls(s.Cloud)) > 0 })
	if calls := deniedCalls(s.Cloud); len(calls) == 0 {
		t.Error("no role is denied anything")
	} else {
		t.Logf("denied %q", calls)
	}
}

// checkJourney: without a statement the app cannot be deployed for want of a right,
// some role is denied a call, or a photo is parked: who may not list a bucket does
// not learn that an object is gone.
func checkJourney(t *testing.T, dir string) {
	t.Helper()
	c, err := local.Start(dir, local.Options{})
	if err != nil {
		if t.Logf("not deployed: %v", err); !wantsRight.MatchString(err.Error()) {
			t.Error("want it not to be deployed for want of a right")
		}
		return
	}
	c.Close()
	j := openJourney(t, dir)
	arrives := j.travel(t)
	if t.Logf("%s: denied %q, parked: %t", j.at, deniedCalls(j.Cloud), j.parked()); arrives || len(deniedCalls(j.Cloud)) == 0 && !j.parked() {
		t.Errorf("the journey arrives: %t; want a role to be denied something, or a photo to be parked", arrives)
	}
}

var wantsRight = regexp.MustCompile(`not authorized to perform|does not have permissions`)
