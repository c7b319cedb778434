//! Which language a file is in: its name first, then the ending, then how it begins.

use crate::{Language, Told};

/// How much of a header is looked at before it is called C.
const HEAD_BYTES_MAX: usize = 64 * 1024;

pub(crate) fn told(path: &str) -> Told {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let ending = || name.rsplit_once('.').and_then(|(_, ending)| by_ending(ending));
    by_whole_name(name).map(Told::Is).or_else(ending).unwrap_or(Told::Nothing)
}

pub(crate) fn language(told: Told, head: &[u8]) -> Option<Language> {
    match told {
        Told::Is(language) => Some(language),
        Told::Header if looks_like_cpp(head) => Some(Language::Cpp),
        Told::Header => Some(Language::C),
        Told::Nothing => by_first_line(head),
    }
}

fn by_whole_name(name: &str) -> Option<Language> {
    Some(match name {
        "Rakefile" | "Gemfile" | "Guardfile" | "Vagrantfile" | "Podfile" | "Fastfile"
        | "Brewfile" | "Capfile" | "Appraisals" | "Dangerfile" | "config.ru" | ".irbrc"
        | ".pryrc" => Language::Ruby,
        ".bashrc" | ".bash_profile" | ".bash_aliases" | ".bash_logout" | ".profile" | ".zshrc"
        | ".zshenv" | ".zprofile" | ".envrc" | "PKGBUILD" | "APKBUILD" => Language::Bash,
        "SConstruct" | "SConscript" | "wscript" => Language::Python,
        "Jakefile" => Language::JavaScript,
        _ => return None,
    })
}

fn by_ending(ending: &str) -> Option<Told> {
    // `.C` and `.H` are C++ where a file system tells them apart; all others may shout.
    if matches!(ending, "C" | "H") {
        return Some(Told::Is(Language::Cpp));
    }
    Some(Told::Is(match ending.to_ascii_lowercase().as_str() {
        "rs" => Language::Rust,
        "py" | "pyi" | "pyw" => Language::Python,
        "ts" | "mts" | "cts" => Language::TypeScript,
        "tsx" => Language::Tsx,
        "js" | "mjs" | "cjs" | "jsx" => Language::JavaScript,
        "go" => Language::Go,
        "java" => Language::Java,
        "kt" | "kts" => Language::Kotlin,
        "c" => Language::C,
        "h" => return Some(Told::Header),
        "cc" | "cpp" | "cxx" | "c++" | "hh" | "hpp" | "hxx" | "h++" | "ipp" | "tpp" | "inl"
        | "cu" | "cuh" => Language::Cpp,
        "cs" | "csx" => Language::CSharp,
        "rb" | "rake" | "gemspec" | "ru" | "podspec" | "jbuilder" => Language::Ruby,
        "php" | "phtml" | "phpt" => Language::Php,
        "swift" => Language::Swift,
        "scala" | "sc" | "sbt" => Language::Scala,
        "sh" | "bash" | "bats" | "zsh" | "ksh" => Language::Bash,
        "sql" | "psql" | "ddl" => Language::Sql,
        _ => return None,
    }))
}

/// `#!/usr/bin/env -S python3 -u` is Python: the first word that names a program we know.
fn by_first_line(head: &[u8]) -> Option<Language> {
    let line = head.strip_prefix(b"#!")?;
    let end = line.iter().position(|&byte| byte == b'\n').unwrap_or(line.len()).min(256);
    let line = String::from_utf8_lossy(&line[..end]);
    line.split_whitespace().take(4).find_map(|word| {
        let program = word.rsplit('/').next().unwrap_or(word);
        let program = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        Some(match program {
            "sh" | "bash" | "dash" | "ksh" | "zsh" | "ash" | "bats" => Language::Bash,
            "python" | "pypy" | "uv" => Language::Python,
            "node" | "nodejs" | "bun" => Language::JavaScript,
            "deno" | "ts-node" | "tsx" => Language::TypeScript,
            "ruby" | "jruby" => Language::Ruby,
            "php" => Language::Php,
            "scala" | "scala-cli" | "amm" => Language::Scala,
            "kotlin" => Language::Kotlin,
            "swift" => Language::Swift,
            "rust-script" => Language::Rust,
            _ => return None,
        })
    })
}

/// A header says nothing by its ending. These say C++ at the beginning of a line and cannot stand there in C, whose
/// headers guard what they have of them (`extern "C" {` under `__cplusplus`).
fn looks_like_cpp(head: &[u8]) -> bool {
    const BEGINNINGS: &[&[u8]] = &[
        b"namespace ",
        b"class ",
        b"template<",
        b"template <",
        b"using ",
        b"public:",
        b"private:",
        b"protected:",
        b"inline namespace ",
        b"constexpr ",
        b"enum class ",
    ];
    let head = &head[..head.len().min(HEAD_BYTES_MAX)];
    let mut comment = false;
    head.split(|&byte| byte == b'\n').any(|line| {
        let line = line.trim_ascii();
        if comment {
            comment = !contains(line, b"*/");
            return false;
        }
        comment = line.starts_with(b"/*") && !contains(line, b"*/");
        BEGINNINGS.iter().any(|beginning| line.starts_with(beginning))
            || contains(line, b"std::") && !line.starts_with(b"//") && !line.starts_with(b"/*")
    })
}

fn contains(line: &[u8], words: &[u8]) -> bool {
    line.windows(words.len()).any(|window| window == words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_a_file() {
        let rows: &[(&str, &str, Option<Language>)] = &[
            ("src/lib.rs", "", Some(Language::Rust)),
            ("a/b.d/setup.PY", "", Some(Language::Python)),
            ("a.d.ts", "", Some(Language::TypeScript)),
            ("App.tsx", "", Some(Language::Tsx)),
            ("index.mjs", "", Some(Language::JavaScript)),
            ("Rakefile", "task :a", Some(Language::Ruby)),
            ("deep/Gemfile", "", Some(Language::Ruby)),
            ("test/run.bats", "", Some(Language::Bash)),
            ("bin/run", "#!/bin/bash\necho", Some(Language::Bash)),
            ("bin/run", "#!/usr/bin/env -S python3.12 -u\n", Some(Language::Python)),
            ("bin/run", "#! /usr/bin/env node", Some(Language::JavaScript)),
            ("bin/run", "#!/usr/bin/ruby2.7 -w\n", Some(Language::Ruby)),
            ("bin/run.in", "#!/bin/sh\n", Some(Language::Bash)),
            ("bin/run", "#!/usr/bin/perl\nbash", None),
            ("bin/run", "echo #!/bin/bash", None),
            ("a.h", "#ifndef A\nint f(void);\n", Some(Language::C)),
            ("a.h", "extern \"C\" {\nint f(void);\n}\n", Some(Language::C)),
            ("a.h", "/*\n class of things\n*/\nint f(void);\n", Some(Language::C)),
            ("a.h", "#pragma once\nnamespace a {\n", Some(Language::Cpp)),
            ("a.h", "  std::string name();\n", Some(Language::Cpp)),
            ("a.H", "", Some(Language::Cpp)),
            ("README.md", "# class", None),
            ("Makefile", "all:\n", None),
            ("", "", None),
            (".", "\0", None),
        ];
        for (path, head, expected) in rows {
            assert_eq!(language(told(path), head.as_bytes()), *expected, "{path} {head:?}");
        }
    }

    #[test]
    fn every_grammar_is_one_this_parser_can_read() {
        for language in Language::ALL {
            let mut parser = tree_sitter::Parser::new();
            assert!(parser.set_language(&language.grammar()).is_ok(), "{language:?}");
            let tree = parser.parse("", None);
            assert!(tree.is_some(), "{language:?}");
        }
    }
}
