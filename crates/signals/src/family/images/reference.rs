//! Image references: registry, repository, tag. Source of the rules: `github.com/distribution/reference`.

/// A reference taken apart, with docker's defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    /// The registry's host, with its port.
    pub(super) registry: String,
    /// The repository, without registry and tag.
    pub(super) repository: String,
    /// The tag or digest; `latest` where there is none.
    pub(super) tag: String,
}

impl Reference {
    /// Takes a reference apart; what is no valid reference gives the nearest reading.
    pub(super) fn parse(image: &str) -> Self {
        let (registry, path) = match image.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (host, rest),
            _ => ("docker.io", image),
        };
        let (path, digest) = match path.split_once('@') {
            Some((path, digest)) => (path, Some(digest)),
            None => (path, None),
        };
        let (name, tag) = match path.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (path, None),
        };
        let official = registry == "docker.io" && !name.contains('/');
        let repository = if official { format!("library/{name}") } else { name.to_owned() };
        let tag = digest.or(tag).unwrap_or("latest").to_owned();
        Self { registry: registry.to_owned(), repository, tag }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_dockers() {
        let parts = |image: &str| {
            let r = Reference::parse(image);
            format!("{} {} {}", r.registry, r.repository, r.tag)
        };
        assert_eq!(parts("nginx"), "docker.io library/nginx latest");
        assert_eq!(parts("shop/cart:2"), "docker.io shop/cart 2");
        assert_eq!(parts("reg.local:5000/shop/cart"), "reg.local:5000 shop/cart latest");
        assert_eq!(parts("localhost/x@sha256:ab"), "localhost x sha256:ab");
        assert_eq!(parts("r.io/a/b:1@sha256:ab"), "r.io a/b sha256:ab");
    }
}
