package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/admissionregistration/install"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/coordination/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/discovery/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/node/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	_ "k8s.io/kubernetes/pkg/apis/scheduling/install"
	_ "k8s.io/kubernetes/pkg/apis/storage/install"
	"k8s.io/kubernetes/pkg/printers"
	printersinternal "k8s.io/kubernetes/pkg/printers/internalversion"
	printerstorage "k8s.io/kubernetes/pkg/printers/storage"
)

var convertor = printerstorage.TableConvertor{TableGenerator: printers.NewTableGenerator().With(printersinternal.AddHandlers)}

// table gives the objects as the API server's own printers show them.
func table(r resource, found []object, whole bool) interface{} {
	if r.name == "apiservices" {
		return apiServices(found)
	}
	if r.name == "limitranges" || r.name == "runtimeclasses" {
		return plainTable(found)
	}
	all := &metav1.Table{}
	for _, o := range found {
		one, err := convertor.ConvertToTable(context.Background(), internal(o), &metav1.TableOptions{})
		if err != nil {
			panic(fmt.Sprintf("%s: %v", r.kind, err))
		}
		all.ColumnDefinitions = one.ColumnDefinitions
		for _, row := range one.Rows {
			row.Object = runtime.RawExtension{Raw: shown(o, whole)}
			all.Rows = append(all.Rows, row)
		}
	}
	all.Kind, all.APIVersion = "Table", "meta.k8s.io/v1"
	return all
}

func internal(o object) runtime.Object {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	decoded, _, err := legacyscheme.Codecs.UniversalDecoder().Decode(bytes.TrimSpace(text), nil, nil)
	if err != nil {
		panic(err)
	}
	return decoded
}

// shown is what a row carries of its object: what names it, or all of it.
func shown(o object, whole bool) []byte {
	if !whole {
		o = object{"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": o["metadata"]}
	}
	text, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return text
}

// plainTable is how kinds are shown that have no printer, see apiserver pkg/registry/rest/table.go.
func plainTable(found []object) interface{} {
	all := &metav1.Table{TypeMeta: metav1.TypeMeta{Kind: "Table", APIVersion: "meta.k8s.io/v1"}}
	for _, name := range []string{"Name", "Created At"} {
		all.ColumnDefinitions = append(all.ColumnDefinitions, metav1.TableColumnDefinition{Name: name, Type: "string"})
	}
	for _, o := range found {
		row := metav1.TableRow{Cells: []interface{}{str(o, "metadata", "name"), str(o, "metadata", "creationTimestamp")}}
		row.Object = runtime.RawExtension{Raw: shown(o, false)}
		all.Rows = append(all.Rows, row)
	}
	return all
}

// apiServices: the aggregator prints its own kind, see kube-aggregator pkg/registry/apiservice/etcd (NAME SERVICE AVAILABLE AGE).
func apiServices(found []object) interface{} {
	all := &metav1.Table{TypeMeta: metav1.TypeMeta{Kind: "Table", APIVersion: "meta.k8s.io/v1"}}
	for _, name := range []string{"Name", "Service", "Available", "Age"} {
		all.ColumnDefinitions = append(all.ColumnDefinitions, metav1.TableColumnDefinition{Name: name, Type: "string"})
	}
	for _, o := range found {
		service := "Local"
		if name := str(o, "spec", "service", "name"); name != "" {
			service = str(o, "spec", "service", "namespace") + "/" + name
		}
		available := "Unknown"
		status, _ := o["status"].(object)
		conditions, _ := status["conditions"].([]interface{})
		for _, c := range conditions {
			if c := c.(object); str(c, "type") == "Available" {
				available = str(c, "status")
				if available != "True" {
					available = fmt.Sprintf("%s (%s)", available, str(c, "reason"))
				}
			}
		}
		made, _ := time.Parse(time.RFC3339, str(o, "metadata", "creationTimestamp"))
		row := metav1.TableRow{Cells: []interface{}{str(o, "metadata", "name"), service, available, duration.HumanDuration(time.Since(made))}}
		row.Object = runtime.RawExtension{Raw: shown(o, false)}
		all.Rows = append(all.Rows, row)
	}
	return all
}
