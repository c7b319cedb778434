//! `find` and `fd`: expressions that run, delete and write.

use weir_model::act::{Extent, RunKind, WriteHow};

use super::marks::{BELOW, shown};
use super::tables::Spec;
use super::walk::{Stream, Walk};

/// Tests and actions of `find` that take nothing.
const ALONE: &str = "-a -o -not ! ( ) , -and -or -print -print0 -ls -prune -quit -depth -d -empty -executable -readable \
    -writable -true -false -nouser -nogroup -daystart -follow -ignore_readdir_race -noignore_readdir_race -mount -noleaf \
    -xdev -x -nowarn -warn -help -version -H -L -P -E -X -s -f -dirs -help --help --version -sparse";

/// Those that take a word which only tests.
const WORD: &str = "-name -iname -path -ipath -wholename -iwholename -regex -iregex -regextype -lname -ilname -type -xtype \
    -size -mtime -mmin -atime -amin -ctime -cmin -newer -anewer -cnewer -perm -user -group -uid -gid -maxdepth -mindepth \
    -inum -links -samefile -fstype -used -printf -context -D -Bmin -Btime -Bnewer -flags -depth";

/// Runs `find` or `fd`.
pub(super) fn call(
    walk: &mut Walk<'_>,
    name: &str,
    arguments: &[String],
    stdin: &Stream,
) -> Option<Stream> {
    match name {
        "find" | "gfind" => Some(walk.find_files(arguments)),
        "fd" | "fdfind" => Some(walk.fd(arguments, stdin)),
        _ => None,
    }
}

impl Walk<'_> {
    fn find_files(&mut self, arguments: &[String]) -> Stream {
        let begin = arguments
            .iter()
            .position(|field| {
                field.starts_with('-') && !matches!(&field[..], "-H" | "-L" | "-P" | "-E" | "-X")
                    || matches!(&field[..], "(" | "!")
            })
            .unwrap_or(arguments.len());
        let mut roots: Vec<String> =
            arguments[..begin].iter().filter(|field| !field.starts_with('-')).cloned().collect();
        if roots.is_empty() {
            roots.push(".".to_owned());
        }
        self.runs("find", RunKind::Known);
        for root in &roots {
            // Names below it are told, and nothing that a file holds is read: of the work tree that is no more than
            // a look at it.
            let inside = self.paths(root).iter().all(|path| self.is_in_tree(path));
            self.reads(root, if inside { Extent::One } else { Extent::Many });
        }
        let below: Vec<String> =
            roots.iter().map(|root| format!("{}/{BELOW}", root.trim_end_matches('/'))).collect();
        let mut output = Stream::Paths(below.clone());
        let mut rest = arguments[begin..].iter();
        while let Some(field) = rest.next() {
            match &field[..] {
                "-delete" => {
                    for root in &roots {
                        self.writes(root, WriteHow::Delete, Extent::Tree);
                    }
                }
                "-exec" | "-execdir" | "-ok" | "-okdir" => {
                    let command: Vec<String> = rest
                        .by_ref()
                        .take_while(|field| *field != ";" && *field != "+")
                        .cloned()
                        .collect();
                    output = Stream::Unknown;
                    for item in &below {
                        let fields: Vec<String> =
                            command.iter().map(|field| field.replace("{}", item)).collect();
                        self.call(&fields, &Stream::Unknown);
                    }
                }
                "-fprint" | "-fprint0" | "-fls" | "-fprintf" => {
                    if let Some(file) = rest.next() {
                        self.writes(file, WriteHow::Change, Extent::One);
                    }
                    if field == "-fprintf" {
                        rest.next();
                    }
                }
                "-files0-from" => {
                    rest.next();
                    self.opaque("`find` looks where a file says");
                }
                "-printf" => {
                    rest.next();
                    output = Stream::Unknown;
                }
                word if ALONE.split_whitespace().any(|known| known == word) => {}
                word if WORD.split_whitespace().any(|known| known == word)
                    || word.starts_with("-newer") =>
                {
                    rest.next();
                }
                word if word.starts_with('-') => {
                    self.opaque(&format!(
                        "`find` has an expression that Weir does not know: `{}`",
                        shown(word)
                    ));
                }
                _ => {}
            }
        }
        output
    }

    fn fd(&mut self, arguments: &[String], stdin: &Stream) -> Stream {
        let end = arguments
            .iter()
            .position(|field| matches!(&field[..], "-x" | "-X" | "--exec" | "--exec-batch"))
            .unwrap_or(arguments.len());
        let spec = Spec::read(
            "fd | x r* > ~ | -HIusgFiapltL0q1 -t: -e: -E: -d: -c: -j: -S: -o: -C: --hidden --no-ignore --unrestricted --case-sensitive \
             --ignore-case --glob --fixed-strings --absolute-path --full-path --type: --extension: --exclude: --max-depth: \
             --min-depth: --exact-depth: --color: --threads: --size: --changed-within: --changed-before: --owner: \
             --base-directory:r --follow --print0 --max-results: --list-details --strip-cwd-prefix --no-ignore-vcs \
             --one-file-system --prune --and: --search-path:r --format: --relative-path --quiet -D: --no-follow --batch-size:",
        );
        let output = self.by(&spec, "fd", &arguments[..end], stdin);
        // A folder where the pattern belongs: it finds nothing there, unless it is searched.
        let pattern = spec.sort(&arguments[..end]).operands.into_iter().next();
        if let Some(folder) = pattern.filter(|pattern| pattern.starts_with(['/', '~'])) {
            self.reads(&folder, if end < arguments.len() { Extent::Tree } else { Extent::One });
        }
        if let Some((_, command)) = arguments[end..].split_first() {
            let item = match &output {
                Stream::Paths(paths) if paths.len() == 1 => paths[0].clone(),
                _ => BELOW.to_owned(),
            };
            let command: Vec<&String> = command.iter().take_while(|field| *field != ";").collect();
            let holes = ["{}", "{/}", "{//}", "{.}", "{/.}"];
            let has_hole =
                command.iter().any(|field| holes.iter().any(|hole| field.contains(hole)));
            let mut fields: Vec<String> = command
                .into_iter()
                .map(|field| {
                    holes.iter().fold(field.clone(), |field, hole| field.replace(hole, &item))
                })
                .collect();
            if !has_hole {
                fields.push(item);
            }
            self.call(&fields, &Stream::Unknown);
        }
        output
    }
}
