module kube-bootstrap/components/pause

go 1.24.0
