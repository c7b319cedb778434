//! Runners: programs of packages, fetched first or from the project.

use weir_model::act::RunKind;

use crate::shell::walk::{Stream, Walk};

impl Walk<'_> {
    /// A runner that fetches the package that it runs, when it is not there.
    pub(super) fn runner(
        &mut self,
        name: &str,
        arguments: &[String],
        only_fetches: bool,
        stdin: &Stream,
    ) {
        let valued = [
            "-p",
            "--package",
            "--from",
            "--with",
            "--python",
            "--spec",
            "-c",
            "--call",
            "--index",
            "--registry",
        ];
        let mut fields = arguments.iter();
        let mut packages = Vec::new();
        let mut command: Vec<String> = Vec::new();
        let mut stays = false;
        while let Some(field) = fields.next() {
            let option = field.split('=').next().unwrap_or(field);
            if field == "--" {
                continue;
            }
            if !field.starts_with('-') {
                command.push(field.clone());
                command.extend(fields.by_ref().cloned());
                break;
            }
            stays |= matches!(option, "--no-install" | "--offline" | "--no");
            let value = match field.split_once('=') {
                Some((_, value)) => Some(value.to_owned()),
                None if valued.contains(&option) => fields.next().cloned(),
                None => None,
            };
            match (option, value) {
                ("-c" | "--call", Some(text)) => {
                    self.words(&text, stdin);
                }
                ("-p" | "--package" | "--from" | "--with" | "--spec", Some(package)) => {
                    packages.push(package)
                }
                _ => {}
            }
        }
        if let Some(program) = command.first().cloned() {
            let bare = bare_package(&program);
            if stays {
                self.inner(name, &command, stdin);
                return;
            }
            // A project's own tool stands in its packages, where a runner looks first; `dlx` looks elsewhere only.
            let is_known = crate::shell::tables::is_known(&bare);
            if !only_fetches && is_known && packages.is_empty() && program == bare {
                self.inner(name, &command, stdin);
                return;
            }
            packages.push(program);
            self.runs(&bare, RunKind::Foreign);
        }
        if !packages.is_empty() {
            self.install(name, &packages, &[]);
        }
    }

    /// A command behind `run` and `exec`.
    pub(super) fn inner(&mut self, name: &str, arguments: &[String], stdin: &Stream) {
        let valued = [
            "--with",
            "--python",
            "-p",
            "--package",
            "--group",
            "--extra",
            "--env-file",
            "--directory",
            "--project",
            "-n",
            "--name",
            "-c",
            "-C",
            "--install",
        ];
        let mut fields = arguments.iter().peekable();
        let mut module = false;
        while let Some(field) = fields.next_if(|field| field.starts_with('-')) {
            let option = field.split('=').next().unwrap_or(field);
            if matches!(option, "--with" | "--package" | "-p" | "--from") {
                let package = field
                    .split_once('=')
                    .map(|(_, value)| value.to_owned())
                    .or_else(|| fields.peek().map(|next| (*next).clone()));
                self.install(name, &package.into_iter().collect::<Vec<_>>(), &[]);
            }
            module |= matches!(option, "-m" | "--module");
            if valued.contains(&option) && !field.contains('=') {
                fields.next();
            }
        }
        let mut command: Vec<String> = fields.cloned().collect();
        if module {
            command.splice(0..0, ["python".to_owned(), "-m".to_owned()]);
        }
        match command.first() {
            None => self.runs(name, RunKind::Known),
            Some(first) if first.ends_with(".py") => {
                let file = first.clone();
                self.script_file(&file, &command[1..], stdin);
            }
            Some(_) if name == "rustup" => {
                self.call(&command[1..], stdin);
            }
            Some(_) => {
                self.call(&command, stdin);
            }
        }
    }
}

/// A package's name without its version and its scope's sign.
fn bare_package(package: &str) -> String {
    let end =
        package.char_indices().skip(1).find(|(_, c)| *c == '@').map_or(package.len(), |(at, _)| at);
    package[..end].split("==").next().unwrap_or(package).to_owned()
}
