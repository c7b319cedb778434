//! Interpreters: whose code runs, and what little can be said of code on the command line.
//!
//! Code is looked at by its words only. When all of them are known to do nothing but count, sort and print, the
//! program is [`RunKind::Known`]; else it stays [`RunKind::Foreign`], with what its words show beside it.

mod awk;
mod sed;
mod words;

use weir_model::act::{Extent, RunKind, WriteHow};

use super::marks::{is_unknown, unmarked};
use super::tables::{Sorted, Spec};
use super::walk::{Stream, Walk};

/// An interpreter: names, its options, and which of them give code and modules.
struct Interpreter {
    names: &'static [&'static str],
    options: &'static str,
    code: &'static [&'static str],
}

const INTERPRETERS: [Interpreter; 10] = [
    Interpreter {
        names: &["python", "pypy", "ipython", "bpython"],
        options: "x | @first r* | -bBdEhiIOPqsSuvVx -W: -X: -c: -m:",
        code: &["-c"],
    },
    Interpreter {
        names: &["node", "nodejs", "deno", "bun", "tsx", "ts-node"],
        options: "x | @first r* | -ihvc -e: -p: -r:! -C: --eval: --print: --require:! --import:! --loader:! --check --test --watch --version \
                  --inspect? --inspect-brk? --max-old-space-size: --experimental-strip-types --experimental-vm-modules --no-warnings \
                  --trace-warnings --enable-source-maps --env-file:r --expose-gc --input-type: --test-reporter: --test-name-pattern: --experimental-test-coverage --test-only --harmony --stack-size: --trace-deprecation --unhandled-rejections: --watch-path:r --interactive --v8-options --prof --cpu-prof --heap-prof --conditions: --preserve-symlinks --transpile-only --files --project:r",
        code: &["-e", "-p", "--eval", "--print"],
    },
    Interpreter {
        names: &["perl"],
        options: "x | @first r* | -acfhnpsStTuUvVwWX -0? -l? -i?& -e: -E: -F: -I:! -m:! -M:! -d?! -x? -D:",
        code: &["-e", "-E"],
    },
    Interpreter {
        names: &["ruby", "jruby", "irb", "truffleruby"],
        options: "x | @first r* | -achlnpsSvwWy0 -i?& -e: -C:! -E: -F: -I:! -r:! -x? -K: -T: --version --verbose --disable: --enable: --yjit",
        code: &["-e"],
    },
    Interpreter {
        names: &["php"],
        options: "x | @first r* | -aChHilmnqsvwz -r: -B:! -R:! -E:! -F: -f: -c:! -d:! -S:! -t: -z:! --version --ini --rf: --rc: --re: --ri:",
        code: &["-r"],
    },
    Interpreter {
        names: &["lua", "luajit", "texlua"],
        options: "x | @first r* | -iEvW -e: -l:!",
        code: &["-e"],
    },
    Interpreter {
        names: &[
            "Rscript",
            "R",
            "julia",
            "octave",
            "ghc",
            "runghc",
            "runhaskell",
            "elixir",
            "erl",
            "groovy",
            "scala",
            "swipl",
            "guile",
            "racket",
            "sbcl",
            "ocaml",
            "clojure",
            "clj",
            "raku",
            "osascript",
            "tclsh",
            "wish",
            "expect",
            "gjs",
            "qjs",
            "d8",
            "jjs",
            "jrunscript",
            "jshell",
            "janet",
            "nim",
            "gnuplot",
            "m4",
            "dc",
            "slsh",
            "csi",
            "fennel",
            "gforth",
            "maxima",
            "pike",
            "rexx",
            "tcl",
            "jruby",
            "iex",
            "irb",
            "gawk-script",
        ],
        options: "x | @first r* | -qsv --version --no-save --vanilla --slave --quiet --silent -e:! -c:! -f:! --eval:! -E:! -l:! -i",
        code: &[],
    },
    Interpreter {
        names: &["java", "javaw"],
        options: "x | @long @any @first r* | -jar -cp: -classpath: --class-path: -version --version -showversion -help",
        code: &[],
    },
    Interpreter { names: &["dotnet-script", "csi.exe"], options: "x | @first r* |", code: &[] },
    Interpreter { names: &["pry"], options: "x | @first r* | -e:!", code: &[] },
];

/// Modules of Python that a project uses to build and test itself.
const PYTHON_MODULES: &str = "pytest unittest mypy black ruff isort flake8 pylint coverage tox nox pre_commit build \
    compileall py_compile doctest timeit cProfile pdb trace pydoc sphinx mkdocs django flask uvicorn gunicorn streamlit \
    alembic celery behave bandit pyright maturin setuptools hatch poetry pdm twine ipykernel jupyter notebook \
    pycodestyle pydocstyle pyflakes yapf autopep8 vulture radon pip_audit piptools grpc_tools.protoc pip_tools ensurepip";

/// Runs an interpreter.
pub(super) fn call(
    walk: &mut Walk<'_>,
    name: &str,
    arguments: &[String],
    stdin: &Stream,
) -> Option<Stream> {
    match name {
        "awk" | "gawk" | "mawk" | "nawk" | "original-awk" | "goawk" => {
            return Some(awk::run(walk, name, arguments, stdin));
        }
        "sed" | "gsed" => return Some(sed::run(walk, name, arguments, stdin)),
        "bun" | "deno"
            if !arguments.first().is_some_and(|first| {
                first.starts_with('-') || first == "run" || first == "eval" || first.contains('.')
            }) =>
        {
            return None;
        }
        _ => {}
    }
    let only = if let [only] = arguments { only.as_str() } else { "" };
    let interpreter = INTERPRETERS.iter().find(|one| one.names.contains(&name))?;
    if matches!(only, "--version" | "-V" | "--help" | "-version" | "-help") {
        walk.runs(name, RunKind::Known);
        return Some(Stream::Unknown);
    }
    let arguments = match arguments.split_first() {
        Some((first, rest)) if matches!(name, "bun" | "deno") && first == "run" => rest,
        Some((first, rest)) if name == "deno" && first == "eval" => {
            let code = rest.iter().find(|field| !field.starts_with('-'));
            walk.code(name, code.map_or("", String::as_str), stdin);
            return Some(Stream::Unknown);
        }
        _ => arguments,
    };
    let spec = Spec::read(interpreter.options);
    let sorted = spec.sort(arguments);
    walk.interpret(name, interpreter, &sorted, stdin);
    Some(Stream::Unknown)
}

impl Walk<'_> {
    fn interpret(
        &mut self,
        name: &str,
        interpreter: &Interpreter,
        sorted: &Sorted,
        stdin: &Stream,
    ) {
        for strange in &sorted.strange {
            self.opaque(&format!("`{name}` has an option that Weir does not know: `{strange}`"));
        }
        self.said(name, sorted, stdin);
        if name == "python"
            && let Some(module) = sorted.value(&["-m"])
        {
            self.python_module(module, &sorted.operands);
            return;
        }
        let only_tells = [
            "-v",
            "-V",
            "-version",
            "--version",
            "-h",
            "-help",
            "--v8-options",
            "--ini",
            "-i",
            "-m",
            "-l",
        ];
        let mut code: Vec<String> = Vec::new();
        for (option, value, _) in &sorted.options {
            if interpreter.code.contains(&option.as_str()) {
                code.extend(value.clone());
            }
        }
        if !code.is_empty() {
            self.code(name, &code.join("\n"), stdin);
            let reads_lines = sorted.has(&["-n", "-p", "-i"]) && matches!(name, "perl" | "ruby");
            for operand in sorted.operands.iter().filter(|_| reads_lines) {
                if sorted.has(&["-i"]) {
                    self.writes(operand, WriteHow::Change, Extent::One);
                } else {
                    self.reads(operand, Extent::One);
                }
            }
            return;
        }
        if sorted.has(&["--check", "--test"]) || name == "node" && sorted.has(&["-c"]) {
            self.runs(name, RunKind::Project);
            return;
        }
        if name == "php" && sorted.has(&["-l"]) {
            self.runs(name, RunKind::Known);
            sorted.operands.iter().for_each(|operand| self.reads(operand, Extent::One));
            return;
        }
        match sorted.operands.first() {
            Some(file) if file == "-" || file == "/dev/stdin" => self.code_from(name, stdin),
            Some(file)
                if interpreter.names.contains(&"java")
                    && !sorted.has(&["-jar"])
                    && !file.ends_with(".java") =>
            {
                self.runs(name, RunKind::Project);
            }
            Some(file) => {
                self.script_file(file, &sorted.operands[1..], stdin);
            }
            None if sorted
                .options
                .iter()
                .any(|(option, ..)| only_tells.contains(&option.as_str()))
                && !sorted.has(&["-i"]) =>
            {
                self.runs(name, RunKind::Known);
            }
            None => self.code_from(name, stdin),
        }
    }

    /// An interpreter that reads its code from its input.
    fn code_from(&mut self, name: &str, stdin: &Stream) {
        match stdin {
            Stream::Text(text) => {
                let text = text.clone();
                self.code(name, &text, &Stream::None);
            }
            Stream::None | Stream::Paths(_) | Stream::Unknown => {
                self.runs(name, RunKind::Foreign);
                self.opaque(&format!(
                    "`{name}` runs code that another program writes, or waits for it"
                ));
            }
        }
    }

    fn python_module(&mut self, module: &str, operands: &[String]) {
        let first = operands.first().map_or("", String::as_str);
        match module {
            "pip" | "uv" | "pipx" | "pytest" | "ruff" | "black" | "mypy" => {
                let fields = operands.to_vec();
                self.tool(module, &fields, &Stream::Unknown);
            }
            "venv" | "virtualenv" => {
                self.runs(module, RunKind::Known);
                for operand in operands.iter().filter(|operand| !operand.starts_with('-')) {
                    self.writes(operand, WriteHow::Change, Extent::Tree);
                }
            }
            "json.tool" | "tokenize" | "ast" | "dis" | "zipfile" | "tarfile" | "base64"
            | "calendar" | "site" | "sysconfig" | "platform" | "this" | "gzip" => {
                let writes = matches!(module, "zipfile" | "tarfile" | "gzip")
                    && !matches!(first, "-l" | "--list" | "-t");
                self.runs(module, RunKind::Known);
                for operand in operands.iter().filter(|operand| !operand.starts_with('-')) {
                    self.reads(operand, Extent::One);
                    if writes {
                        self.writes(operand, WriteHow::Change, Extent::Tree);
                    }
                }
            }
            "http.server" => {
                self.reads(".", Extent::Tree);
                self.controls("listen");
            }
            _ if PYTHON_MODULES
                .split_whitespace()
                .any(|known| module == known || module.starts_with(&format!("{known}."))) =>
            {
                self.runs(module, RunKind::Project);
            }
            _ if self
                .paths(&module.replace('.', "/"))
                .iter()
                .any(|path| self.place.files.thing(path) == Some(super::Thing::Folder)) =>
            {
                self.runs(module, RunKind::Project);
            }
            _ => self.runs(module, RunKind::Foreign),
        }
    }

    /// Code on the command line.
    pub(super) fn code(&mut self, name: &str, code: &str, stdin: &Stream) {
        let code = unmarked(code);
        if is_unknown(&code) {
            self.runs(name, RunKind::Foreign);
            self.opaque(&format!("`{name}` runs code that is known only when it runs"));
            return;
        }
        // What is piped in is data, whatever it is: only its words count.
        let _ = stdin;
        if name == "perl" && words::only_substitutes(&code) {
            self.runs(name, RunKind::Known);
            return;
        }
        let seen = words::look(name, &code);
        let kind = if seen.is_harmless { RunKind::Known } else { RunKind::Foreign };
        self.runs(name, kind);
        for (path, change) in seen.paths {
            match change {
                words::Touch::Read => self.reads(&path, Extent::One),
                words::Touch::Write => self.writes(&path, WriteHow::Change, Extent::One),
                words::Touch::Delete => self.writes(&path, WriteHow::Delete, Extent::Tree),
            }
        }
    }
}
