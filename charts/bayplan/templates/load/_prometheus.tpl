{{- /* Where load is measured: flags, files and the port of the operator's pod. All empty without a URL. */ -}}
{{- define "bayplan.prometheusQueries" -}}
{{- $file := dict -}}
{{- range $key := list "window" "nodeLabels" "queries" -}}
{{- with index $.Values.prometheus $key }}{{ $_ := set $file $key . }}{{ end -}}
{{- end -}}
{{- if and .Values.prometheus.url $file -}}
{{ toYaml $file }}
{{- end -}}
{{- end }}

{{- define "bayplan.prometheusArguments" -}}
{{- with .Values.prometheus }}
{{- if .url }}
- --prometheus-url={{ .url }}
- --prometheus-interval={{ .interval }}
- --prometheus-timeout={{ .timeout }}
{{- if .tokenSecret }}
- --prometheus-token-file=/etc/bayplan/token/token
{{- end }}
{{- if .basicAuthSecret }}
- --prometheus-username-file=/etc/bayplan/basic-auth/username
- --prometheus-password-file=/etc/bayplan/basic-auth/password
{{- end }}
{{- if .caSecret }}
- --prometheus-ca-file=/etc/bayplan/ca/ca.crt
{{- end }}
{{- if .insecure }}
- --prometheus-insecure
{{- end }}
{{- if include "bayplan.prometheusQueries" $ }}
- --prometheus-queries=/etc/bayplan/queries/queries.yaml
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Whole folders, since a single file of a Secret is never brought up to date. */ -}}
{{- define "bayplan.prometheusMounts" -}}
{{- with .Values.prometheus }}
{{- if .url }}
{{- range $name, $secret := dict "token" .tokenSecret "basic-auth" .basicAuthSecret "ca" .caSecret "queries" (include "bayplan.prometheusQueries" $) }}
{{- if $secret }}
- name: {{ $name }}
  mountPath: /etc/bayplan/{{ $name }}
  readOnly: true
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "bayplan.prometheusVolumes" -}}
{{- with .Values.prometheus }}
{{- if .url }}
{{- range $name, $secret := dict "token" .tokenSecret "basic-auth" .basicAuthSecret "ca" .caSecret }}
{{- if $secret }}
- name: {{ $name }}
  secret:
    secretName: {{ $secret }}
{{- end }}
{{- end }}
{{- if include "bayplan.prometheusQueries" $ }}
- name: queries
  configMap:
    name: bayplan-queries
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "bayplan.prometheusPort" -}}
{{- $url := urlParse .Values.prometheus.url -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{ $port | default (ternary "443" "80" (eq $url.scheme "https")) }}
{{- end }}
