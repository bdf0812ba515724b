package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/labels"
)

type object = map[string]interface{}

var iso = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)

// shifted moves every time of the API in a text.
func shifted(text string, by time.Duration) string {
	return iso.ReplaceAllStringFunc(text, func(s string) string {
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return s
		}
		if strings.Contains(s, ".") {
			return t.Add(by).UTC().Format("2006-01-02T15:04:05.000000Z")
		}
		return t.Add(by).UTC().Format(time.RFC3339)
	})
}

// resource is one kind that the server serves.
type resource struct {
	group, version, kind, name string
	namespaced, inAll          bool
	short                      []string
}

func (r resource) groupVersion() string {
	if r.group == "" {
		return r.version
	}
	return r.group + "/" + r.version
}

func (r resource) file() string {
	if r.group == "" {
		return r.name
	}
	return r.name + "." + r.group
}

var resources = []resource{
	{"", "v1", "Node", "nodes", false, false, []string{"no"}},
	{"", "v1", "Namespace", "namespaces", false, false, []string{"ns"}},
	{"", "v1", "Pod", "pods", true, true, []string{"po"}},
	{"", "v1", "Event", "events", true, false, []string{"ev"}},
	{"", "v1", "Service", "services", true, true, []string{"svc"}},
	{"", "v1", "Endpoints", "endpoints", true, false, []string{"ep"}},
	{"", "v1", "ConfigMap", "configmaps", true, false, []string{"cm"}},
	{"", "v1", "Secret", "secrets", true, false, nil},
	{"", "v1", "ServiceAccount", "serviceaccounts", true, false, []string{"sa"}},
	{"", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", true, false, []string{"pvc"}},
	{"", "v1", "PersistentVolume", "persistentvolumes", false, false, []string{"pv"}},
	{"", "v1", "ResourceQuota", "resourcequotas", true, false, []string{"quota"}},
	{"", "v1", "LimitRange", "limitranges", true, false, []string{"limits"}},
	{"", "v1", "ReplicationController", "replicationcontrollers", true, true, []string{"rc"}},
	{"apps", "v1", "Deployment", "deployments", true, true, []string{"deploy"}},
	{"apps", "v1", "ReplicaSet", "replicasets", true, true, []string{"rs"}},
	{"apps", "v1", "StatefulSet", "statefulsets", true, true, []string{"sts"}},
	{"apps", "v1", "DaemonSet", "daemonsets", true, true, []string{"ds"}},
	{"apps", "v1", "ControllerRevision", "controllerrevisions", true, false, nil},
	{"batch", "v1", "Job", "jobs", true, true, nil},
	{"batch", "v1", "CronJob", "cronjobs", true, true, []string{"cj"}},
	{"autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true, true, []string{"hpa"}},
	{"policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", true, false, []string{"pdb"}},
	{"networking.k8s.io", "v1", "Ingress", "ingresses", true, false, []string{"ing"}},
	{"networking.k8s.io", "v1", "IngressClass", "ingressclasses", false, false, nil},
	{"networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", true, false, []string{"netpol"}},
	{"discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", true, false, nil},
	{"storage.k8s.io", "v1", "StorageClass", "storageclasses", false, false, []string{"sc"}},
	{"storage.k8s.io", "v1", "VolumeAttachment", "volumeattachments", false, false, nil},
	{"storage.k8s.io", "v1", "CSIDriver", "csidrivers", false, false, nil},
	{"storage.k8s.io", "v1", "CSINode", "csinodes", false, false, nil},
	{"coordination.k8s.io", "v1", "Lease", "leases", true, false, nil},
	{"scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", false, false, []string{"pc"}},
	{"node.k8s.io", "v1", "RuntimeClass", "runtimeclasses", false, false, nil},
	{"admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", false, false, nil},
	{"admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", false, false, nil},
	{"apiregistration.k8s.io", "v1", "APIService", "apiservices", false, false, nil},
}

// server answers as the API server did when the capture was taken, moved to the present.
type server struct {
	dir string
	by  time.Duration
	mu  sync.Mutex
	raw map[string]string
}

func (s *server) read(file string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text, ok := s.raw[file]; ok {
		return text, text != ""
	}
	text, err := os.ReadFile(filepath.Join(s.dir, file))
	if s.raw == nil {
		s.raw = map[string]string{}
	}
	s.raw[file] = string(text)
	return string(text), err == nil
}

func str(o object, path ...string) string {
	var at interface{} = o
	for _, p := range path {
		m, ok := at.(object)
		if !ok {
			return ""
		}
		at = m[p]
	}
	s, _ := at.(string)
	return s
}

// list gives the objects of a resource as they are served, in the order of the API.
func (s *server) list(r resource) []object {
	text, _ := s.read("cluster/" + r.file() + ".json")
	var found struct{ Items []object }
	if text != "" {
		if err := json.Unmarshal([]byte(shifted(text, s.by)), &found); err != nil {
			panic(fmt.Sprintf("%s: %v", r.file(), err))
		}
	}
	for _, o := range found.Items {
		if o["kind"] == nil {
			o["kind"] = r.kind
		}
		if o["apiVersion"] == nil || r.name == "horizontalpodautoscalers" {
			o["apiVersion"] = r.groupVersion()
		}
	}
	key := func(o object) string { return str(o, "metadata", "namespace") + "/" + str(o, "metadata", "name") }
	sort.SliceStable(found.Items, func(a, b int) bool { return key(found.Items[a]) < key(found.Items[b]) })
	return found.Items
}

func selects(o object, query map[string][]string) bool {
	if q := query["labelSelector"]; len(q) > 0 && q[0] != "" {
		selector, err := labels.Parse(q[0])
		if err != nil {
			return false
		}
		set := labels.Set{}
		l, _ := o["metadata"].(object)["labels"].(object)
		for k, v := range l {
			set[k], _ = v.(string)
		}
		if !selector.Matches(set) {
			return false
		}
	}
	if q := query["fieldSelector"]; len(q) > 0 && q[0] != "" {
		for _, term := range strings.Split(q[0], ",") {
			name, value, _ := strings.Cut(term, "=")
			not := strings.HasSuffix(name, "!")
			got := str(o, strings.Split(strings.TrimSuffix(name, "!"), ".")...)
			if (got == value) == not {
				return false
			}
		}
	}
	return true
}

func status(w http.ResponseWriter, code int, reason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(object{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code, "message": message})
}

func answer(w http.ResponseWriter, o interface{}) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(o)
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case parts[0] == "version":
		text, _ := s.read("cluster/version.json")
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, text)
	case parts[0] == "readyz" || parts[0] == "healthz" || parts[0] == "livez":
		text, ok := s.read("cluster/readyz.txt")
		if !ok {
			status(w, 403, "Forbidden", "forbidden: User \"ops\" cannot get path \"/"+parts[0]+"\"")
			return
		}
		fmt.Fprint(w, text)
	case parts[0] == "api" && len(parts) == 1:
		answer(w, object{"kind": "APIVersions", "versions": []string{"v1"}})
	case parts[0] == "apis" && len(parts) == 1:
		answer(w, groups())
	case parts[0] == "api" && len(parts) == 2:
		answer(w, resourcesOf("", parts[1]))
	case parts[0] == "apis" && len(parts) == 3:
		answer(w, resourcesOf(parts[1], parts[2]))
	case parts[0] == "api":
		s.objects(w, r, "", parts[2:])
	case parts[0] == "apis" && len(parts) > 3:
		s.objects(w, r, parts[1], parts[3:])
	default:
		status(w, 404, "NotFound", "the server could not find the requested resource")
	}
}

func groups() object {
	var found []object
	seen := map[string]bool{"": true}
	for _, r := range resources {
		if !seen[r.group] {
			seen[r.group] = true
			v := object{"groupVersion": r.groupVersion(), "version": r.version}
			found = append(found, object{"name": r.group, "versions": []object{v}, "preferredVersion": v})
		}
	}
	return object{"kind": "APIGroupList", "apiVersion": "v1", "groups": found}
}

func resourcesOf(group, version string) object {
	var found []object
	for _, r := range resources {
		if r.group != group {
			continue
		}
		one := object{"name": r.name, "singularName": strings.ToLower(r.kind), "namespaced": r.namespaced, "kind": r.kind,
			"verbs": []string{"get", "list", "watch"}, "shortNames": r.short}
		if r.inAll {
			one["categories"] = []string{"all"}
		}
		found = append(found, one)
	}
	if group != "" {
		version = group + "/" + version
	}
	return object{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": found}
}

// objects answers for lists, single objects and logs.
func (s *server) objects(w http.ResponseWriter, r *http.Request, group string, parts []string) {
	namespace := ""
	if parts[0] == "namespaces" && len(parts) > 2 {
		namespace, parts = parts[1], parts[2:]
	}
	if len(parts) == 3 && parts[2] == "log" {
		s.log(w, r, namespace, parts[1])
		return
	}
	for _, known := range resources {
		if known.group != group || known.name != parts[0] {
			continue
		}
		var found []object
		for _, o := range s.list(known) {
			if namespace != "" && str(o, "metadata", "namespace") != namespace || len(parts) > 1 && str(o, "metadata", "name") != parts[1] {
				continue
			}
			if len(parts) > 1 || selects(o, r.URL.Query()) {
				found = append(found, o)
			}
		}
		if len(parts) > 1 && len(found) == 0 {
			status(w, 404, "NotFound", fmt.Sprintf("%s %q not found", known.file(), parts[1]))
		} else if strings.Contains(r.Header.Get("Accept"), "as=Table") {
			answer(w, table(known, found, r.URL.Query().Get("includeObject") == "Object"))
		} else if len(parts) > 1 {
			answer(w, found[0])
		} else {
			answer(w, object{"kind": known.kind + "List", "apiVersion": known.groupVersion(), "items": append([]object{}, found...), "metadata": object{"resourceVersion": "1"}})
		}
		return
	}
	status(w, 404, "NotFound", "the server could not find the requested resource")
}

func (s *server) log(w http.ResponseWriter, r *http.Request, namespace, pod string) {
	container := r.URL.Query().Get("container")
	name, previous := container+".log", ""
	if r.URL.Query().Get("previous") == "true" {
		name, previous = container+".previous.log", "previous terminated "
	}
	text, ok := s.read(filepath.Join("logs", namespace, pod, name))
	if !ok {
		status(w, 400, "BadRequest", fmt.Sprintf("%scontainer %q in pod %q not found", previous, container, pod))
		return
	}
	lines := strings.SplitAfter(text, "\n")
	if len(lines) > 61 {
		lines = lines[len(lines)-61:]
	}
	fmt.Fprint(w, strings.Join(lines, ""))
}
