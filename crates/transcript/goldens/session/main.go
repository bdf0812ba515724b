// Writes what an engineer would paste of a capture: the real kubectl asks a server that knows nothing but the capture.
//
//	session KUBECTL CAPTURE…  writes <capture's name>.txt into the current folder, for each capture
//
// Tables are those of the API server's printers, descriptions those of the kubectl that is named. See ../README.md.
package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

var (
	rfc1123 = regexp.MustCompile(`[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}`)
	klog    = regexp.MustCompile(`^[IWEF](\d\d)(\d\d) (\d\d:\d\d:\d\d)\.`)
)

// back moves the times of an output to when the capture was taken.
func back(text string, by time.Duration) string {
	text = rfc1123.ReplaceAllStringFunc(text, func(s string) string {
		t, err := time.Parse(time.RFC1123Z, s)
		if err != nil || t.Year() < 2 {
			return s
		}
		return t.Add(-by).Format(time.RFC1123Z)
	})
	return shifted(text, -by)
}

type session struct {
	kubectl string
	server  *server
	address string
	takenAt time.Time
	asked   map[string]string
	out     strings.Builder
}

func (s *session) wrote(command, output string) {
	fmt.Fprintf(&s.out, "$ %s\n%s\n", command, strings.TrimRight(output, "\n")+"\n")
}

// run runs kubectl and writes down what was typed and what came.
func (s *session) run(words ...string) {
	s.server.by = time.Now().Truncate(time.Second).Sub(s.takenAt)
	command := exec.Command(s.kubectl, append([]string{"--server", s.address, "--cache-dir", filepath.Join(os.TempDir(), "session-cache")}, words...)...)
	command.Env = []string{"HOME=/nonexistent", "KUBECONFIG=/nonexistent/config", "TZ=" + os.Getenv("TZ")}
	output, _ := command.CombinedOutput()
	typed := make([]string, len(words))
	for i, w := range words {
		if typed[i] = w; strings.ContainsAny(w, "?*' ") {
			typed[i] = "'" + w + "'"
		}
	}
	s.wrote("kubectl "+strings.Join(typed, " "), back(string(output), s.server.by))
}

func number(o object, path ...string) float64 {
	var at interface{} = o
	for _, p := range path {
		m, _ := at.(object)
		at = m[p]
	}
	n, _ := at.(float64)
	return n
}

func list(o object, path ...string) []object {
	var at interface{} = o
	for _, p := range path {
		m, _ := at.(object)
		at = m[p]
	}
	var found []object
	items, _ := at.([]interface{})
	for _, i := range items {
		if i, ok := i.(object); ok {
			found = append(found, i)
		}
	}
	return found
}

func isTrue(o object, condition string) bool {
	for _, c := range list(o, "status", "conditions") {
		if str(c, "type") == condition {
			return str(c, "status") == "True"
		}
	}
	return false
}

// isWell says whether a person would pass over an object.
func isWell(o object) bool {
	deleted := str(o, "metadata", "deletionTimestamp") != ""
	switch str(o, "kind") {
	case "Pod":
		return !deleted && (isTrue(o, "Ready") || str(o, "status", "phase") == "Succeeded")
	case "Node":
		spec, _ := o["spec"].(object)
		return isTrue(o, "Ready") && spec["taints"] == nil && spec["unschedulable"] == nil &&
			!isTrue(o, "DiskPressure") && !isTrue(o, "MemoryPressure") && !isTrue(o, "PIDPressure")
	case "Deployment", "StatefulSet":
		return !deleted && number(o, "status", "readyReplicas") >= number(o, "spec", "replicas") && number(o, "spec", "replicas") > 0 &&
			number(o, "status", "updatedReplicas") >= number(o, "spec", "replicas")
	case "ReplicaSet":
		return !deleted && number(o, "status", "readyReplicas") >= number(o, "spec", "replicas")
	case "DaemonSet":
		return number(o, "status", "numberReady") >= number(o, "status", "desiredNumberScheduled")
	case "Job":
		return isTrue(o, "Complete")
	case "PersistentVolumeClaim", "PersistentVolume":
		return !deleted && str(o, "status", "phase") == "Bound"
	case "Namespace":
		return !deleted
	}
	return false
}

func (s *session) of(name string) (resource, []object) {
	for _, r := range resources {
		if r.name == name {
			return r, s.server.list(r)
		}
	}
	panic(name)
}

func system(namespace string) bool { return strings.HasPrefix(namespace, "kube-") }

// where gives the words that choose the capture's namespaces.
func (s *session) where() []string {
	found := map[string]bool{}
	for _, r := range resources {
		if !r.namespaced || r.name == "configmaps" || r.name == "serviceaccounts" || r.name == "leases" || r.name == "events" {
			continue
		}
		for _, o := range s.server.list(r) {
			if n := str(o, "metadata", "namespace"); n != "default" || r.name == "pods" {
				found[n] = true
			}
		}
	}
	if len(found) == 1 {
		for n := range found {
			return []string{"-n", n}
		}
	}
	return []string{"-A"}
}

// tables lists the kinds that were collected, some a command.
func (s *session) tables(where []string, names string, flags ...string) {
	var kinds []string
	for _, name := range strings.Split(names, ",") {
		r, _ := s.of(name)
		if how := s.asked[r.file()]; how == "ok" || how == "empty" {
			if len(r.short) > 0 {
				name = r.short[0]
			}
			kinds = append(kinds, name)
		}
	}
	if len(kinds) > 0 {
		s.run(append(append([]string{"get", strings.Join(kinds, ",")}, where...), flags...)...)
	}
}

func (s *session) describe(name string, most int) {
	r, found := s.of(name)
	for _, o := range found {
		if isWell(o) || most == 0 || system(str(o, "metadata", "namespace")) {
			continue
		}
		if r.name == "namespaces" && str(o, "metadata", "deletionTimestamp") == "" {
			continue
		}
		most--
		words := []string{"describe", strings.ToLower(r.kind), str(o, "metadata", "name")}
		if r.namespaced {
			words = append(words, "-n", str(o, "metadata", "namespace"))
		}
		s.run(words...)
	}
}

func (s *session) logs() {
	_, pods := s.of("pods")
	most := 4
	for _, pod := range pods {
		if isWell(pod) && number(pod, "status", "containerStatuses") == 0 && !restarted(pod) || most == 0 {
			continue
		}
		most--
		namespace, name := str(pod, "metadata", "namespace"), str(pod, "metadata", "name")
		for _, c := range append(list(pod, "spec", "initContainers"), list(pod, "spec", "containers")...) {
			for _, file := range []string{".log", ".previous.log"} {
				if _, ok := s.server.read(filepath.Join("logs", namespace, name, str(c, "name")+file)); !ok {
					continue
				}
				words := []string{"logs", "-n", namespace, name, "-c", str(c, "name"), "--tail=60"}
				if file == ".previous.log" {
					words = append(words, "--previous")
				}
				s.run(words...)
			}
		}
	}
}

func restarted(pod object) bool {
	for _, c := range list(pod, "status", "containerStatuses") {
		if number(c, "restartCount") > 0 {
			return true
		}
	}
	return false
}

// node writes what is read on a node, by ssh.
func (s *session) node(name string) {
	dir := filepath.Join("nodes", name)
	for _, file := range []struct{ name, command string }{
		{"df.txt", "df"}, {"df-inodes.txt", "df -i"}, {"loadavg.txt", "cat /proc/loadavg"}, {"meminfo.txt", "cat /proc/meminfo"},
		{"pid_max.txt", "cat /proc/sys/kernel/pid_max"}, {"containers.txt", "crictl ps -a"}, {"healthz.txt", "curl -s http://127.0.0.1:10248/healthz"},
	} {
		if text, ok := s.server.read(filepath.Join(dir, file.name)); ok {
			s.wrote("ssh "+name+" "+file.command, text)
		}
	}
	for _, unit := range []string{"kubelet", "containerd"} {
		if text, ok := s.server.read(filepath.Join(dir, unit+".log")); ok {
			s.wrote("ssh "+name+" journalctl -u "+unit+" --no-pager -n 300", s.journal(text, name, unit, 300))
		}
	}
	if text, ok := s.server.read(filepath.Join(dir, "kernel.log")); ok {
		lines := strings.SplitAfter(text, "\n")
		s.wrote("ssh "+name+" 'dmesg -T | tail -200'", strings.Join(lines[max(0, len(lines)-200):], ""))
	}
}

// journal gives the last lines of a log as journalctl prints them.
func (s *session) journal(text, host, unit string, most int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	lines = lines[max(0, len(lines)-most):]
	stamp := s.takenAt.Format("Jan 02 15:04:05")
	for i, line := range lines {
		if found := klog.FindStringSubmatch(line); found != nil {
			month, _ := time.Parse("01", found[1])
			stamp = fmt.Sprintf("%s %s %s", month.Format("Jan"), found[2], found[3])
		} else if found := regexp.MustCompile(`time="([^"]+)"`).FindStringSubmatch(line); found != nil {
			if t, err := time.Parse(time.RFC3339Nano, found[1]); err == nil {
				stamp = t.UTC().Format("Jan 02 15:04:05")
			}
		}
		lines[i] = fmt.Sprintf("%s %s %s[811]: %s", stamp, host, unit, line)
	}
	return strings.Join(lines, "\n")
}

func (s *session) write() {
	s.run("get", "nodes", "-o", "wide")
	where := s.where()
	s.tables(where, "pods", "-o", "wide")
	s.tables(where, "deployments,replicasets,statefulsets,daemonsets,jobs,cronjobs")
	s.tables(where, "services,endpoints,ingresses,networkpolicies", "-o", "wide")
	s.tables(where, "persistentvolumeclaims,resourcequotas,limitranges,horizontalpodautoscalers,poddisruptionbudgets")
	s.tables(where, "configmaps,serviceaccounts")
	s.tables(nil, "namespaces")
	s.tables(nil, "persistentvolumes,storageclasses,priorityclasses")
	s.tables(nil, "apiservices")
	s.tables(nil, "validatingwebhookconfigurations,mutatingwebhookconfigurations", "-o", "yaml")
	s.tables(where, "events", "--sort-by=.lastTimestamp")
	s.describe("nodes", 2)
	s.describe("pods", 3)
	for _, name := range []string{"deployments", "replicasets", "statefulsets", "daemonsets", "jobs", "cronjobs", "services", "ingresses",
		"persistentvolumeclaims", "persistentvolumes", "resourcequotas", "limitranges", "horizontalpodautoscalers", "poddisruptionbudgets", "networkpolicies", "namespaces"} {
		s.describe(name, 2)
	}
	s.logs()
	s.run("get", "--raw", "/readyz?verbose")
	s.run("version")
	nodes, _ := os.ReadDir(filepath.Join(s.server.dir, "nodes"))
	for _, n := range nodes {
		s.node(n.Name())
	}
	for _, component := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"} {
		if text, ok := s.server.read(filepath.Join("control-plane", component+".log")); ok {
			s.wrote("ssh master-1 journalctl -u "+component+" --no-pager -n 100", s.journal(text, "master-1", component, 100))
		}
	}
}

func one(kubectl, dir string) error {
	var capture struct {
		TakenAt time.Time
		Kinds   map[string]string
	}
	text, err := os.ReadFile(filepath.Join(dir, "capture.json"))
	if err == nil {
		err = json.Unmarshal(text, &capture)
	}
	if err != nil {
		return err
	}
	served := &server{dir: dir}
	listening := httptest.NewServer(served)
	defer listening.Close()
	s := &session{kubectl: kubectl, server: served, address: listening.URL, takenAt: capture.TakenAt, asked: capture.Kinds}
	s.write()
	return os.WriteFile(filepath.Base(dir)+".txt", []byte(s.out.String()), 0o644)
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "session KUBECTL CAPTURE…")
		os.Exit(2)
	}
	for _, dir := range os.Args[2:] {
		if err := one(os.Args[1], dir); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", dir, err)
		}
	}
}
