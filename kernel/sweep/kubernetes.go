package sweep

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Kubernetes renders an Indexed Job: one pod for each run, with the plan in a
// ConfigMap and the runs on a volume that all pods share.
type Kubernetes struct {
	Name      string // of the job, the claim and the config map
	Namespace string // "" for that of the context
	Image     string
	Parallel  int    // pods at a time
	CPUs      int    // of a pod
	Memory    string // of a pod, such as 4Gi
	GPUs      int
	Claim     string // an existing ReadWriteMany claim; "" makes one of size Storage
	Storage   string
	Data      string // an existing claim with data sets, mounted read-only as $GLOWNOTES_DATA; "" for none
}

// Where things are in a pod.
const (
	podSweep = "/sweep"
	podPlan  = "/plan"
	podData  = "/data"
	podUser  = 1000 // the image's user
)

// maxConfigMap is the size that Kubernetes allows.
const maxConfigMap = 1 << 20

var dnsLabel = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$`)

// DNSLabel makes a name that Kubernetes takes from any text.
func DNSLabel(text string) string {
	s := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(text))
	if len(s) > 40 {
		s = s[:40]
	}
	if s = strings.Trim(s, "-"); s == "" {
		return "notebook"
	}
	return s
}

// Manifest is the YAML for kubectl apply. It holds all points of the plan: the
// pods of runs that are done end at once.
func (k Kubernetes) Manifest(p *Plan) ([]byte, error) {
	if !dnsLabel.MatchString(k.Name) {
		return nil, fmt.Errorf("sweep: %q is no name for Kubernetes: small letters, digits and hyphens, at most 52", k.Name)
	}
	plan, err := k.planMap(p)
	if err != nil {
		return nil, err
	}
	documents := []any{plan}
	if k.Claim == "" {
		documents = append(documents, k.claim())
		k.Claim = k.Name
	}
	documents = append(documents, k.job(p))
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	for _, d := range documents {
		if err := e.Encode(d); err != nil {
			return nil, fmt.Errorf("sweep: %w", err)
		}
	}
	return b.Bytes(), e.Close()
}

func (k Kubernetes) meta(name string) objectMeta {
	return objectMeta{Name: name, Namespace: k.Namespace, Labels: k.labels()}
}

func (k Kubernetes) labels() map[string]string {
	return map[string]string{"app.kubernetes.io/name": "glownotes-sweep", "app.kubernetes.io/instance": k.Name}
}

func (k Kubernetes) planMap(p *Plan) (configMap, error) {
	m := configMap{APIVersion: "v1", Kind: "ConfigMap", Metadata: k.meta(k.Name + "-plan"), Data: map[string]string{}}
	size := 0
	for _, name := range []string{planFile, notebookFile} {
		text, err := os.ReadFile(filepath.Join(p.dir, name))
		if err != nil {
			return m, fmt.Errorf("sweep: %w", err)
		}
		m.Data[name] = string(text)
		size += len(text)
	}
	if size > maxConfigMap {
		return m, fmt.Errorf("sweep: plan and notebook take %d bytes, Kubernetes allows %d in a ConfigMap: sweep fewer points at a time", size, maxConfigMap)
	}
	return m, nil
}

func (k Kubernetes) claim() persistentVolumeClaim {
	c := persistentVolumeClaim{APIVersion: "v1", Kind: "PersistentVolumeClaim", Metadata: k.meta(k.Name)}
	c.Spec.AccessModes = []string{"ReadWriteMany"}
	c.Spec.Resources.Requests = map[string]string{"storage": k.Storage}
	return c
}

// job is the Indexed Job. A worker that fails for good ends with ExitFailed
// and fails its index at once; pods lost to evictions and drained nodes do not
// count; other losses are repeated up to the plan's limit.
func (k Kubernetes) job(p *Plan) job {
	j := job{APIVersion: "batch/v1", Kind: "Job", Metadata: k.meta(k.Name)}
	j.Spec = jobSpec{
		Completions: len(p.Points), Parallelism: max(1, k.Parallel), CompletionMode: "Indexed", BackoffLimitPerIndex: p.Retries,
		PodFailurePolicy: podFailurePolicy{Rules: []podFailureRule{
			{Action: "Ignore", OnPodConditions: []podCondition{{Type: "DisruptionTarget", Status: "True"}}},
			{Action: "FailIndex", OnExitCodes: &onExitCodes{ContainerName: "worker", Operator: "In", Values: []int{ExitFailed, 2}}},
		}},
	}
	limits := map[string]string{"cpu": strconv.Itoa(max(1, k.CPUs)), "memory": k.Memory}
	if k.GPUs > 0 {
		limits["nvidia.com/gpu"] = strconv.Itoa(k.GPUs)
	}
	worker := container{
		Name: "worker", Image: k.Image, Args: []string{"glownotes", "sweep", "work", podSweep, "--plan", podPlan},
		Env:          []envVar{{Name: "GOMAXPROCS", ValueFrom: &envSource{ResourceFieldRef: fieldRef{ContainerName: "worker", Resource: "limits.cpu"}}}},
		Resources:    podResources{Limits: limits, Requests: map[string]string{"cpu": limits["cpu"], "memory": k.Memory}},
		VolumeMounts: []volumeMount{{Name: "sweep", MountPath: podSweep}, {Name: "plan", MountPath: podPlan, ReadOnly: true}},
	}
	volumes := []volume{
		{Name: "sweep", Claim: &claimVolume{ClaimName: k.Claim}},
		{Name: "plan", ConfigMap: &configMapVolume{Name: k.Name + "-plan"}},
	}
	if k.Data != "" {
		worker.Env = append(worker.Env, envVar{Name: "GLOWNOTES_DATA", Value: podData})
		worker.VolumeMounts = append(worker.VolumeMounts, volumeMount{Name: "data", MountPath: podData, ReadOnly: true})
		volumes = append(volumes, volume{Name: "data", Claim: &claimVolume{ClaimName: k.Data, ReadOnly: true}})
	}
	j.Spec.Template = podTemplate{
		Metadata: objectMeta{Labels: k.labels()},
		Spec: podSpec{
			RestartPolicy: "Never", TerminationGracePeriod: int(grace.Seconds()),
			SecurityContext: podSecurity{RunAsNonRoot: true, RunAsUser: podUser, FSGroup: podUser},
			Containers:      []container{worker}, Volumes: volumes,
		},
	}
	return j
}
