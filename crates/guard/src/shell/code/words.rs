//! Code by its words: enough to know the harmless one-liner, and to see the paths that others name.

/// What code does to a path that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shell) enum Touch {
    Read,
    Write,
    Delete,
}

/// What was seen of a piece of code.
#[derive(Debug, Default)]
pub(in crate::shell) struct Seen {
    /// Whether every word of it is known to do nothing but count, sort and print.
    pub(in crate::shell) is_harmless: bool,
    /// Paths that stand in it.
    pub(in crate::shell) paths: Vec<(String, Touch)>,
}

/// A word or a sign of a language.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Name(String),
    Text(String),
    Sign(char),
}

const PYTHON: &str = "and as assert break class continue def del elif else except False finally for from if import in is \
    lambda None nonlocal not or pass raise return True try while with yield print len sum min max sorted reversed range \
    enumerate zip map filter list dict set tuple str int float bool bytes round abs any all repr hex oct bin ord chr \
    divmod pow isinstance iter next type format json sys math re datetime collections itertools functools statistics \
    string textwrap random secrets uuid hashlib base64 time calendar decimal fractions operator platform csv pprint \
    loads dumps load stdin stdout stderr read readline readlines write flush get items keys values join split rsplit strip \
    lstrip rstrip append extend upper lower title startswith endswith replace sort index count find version version_info \
    executable argv maxsize now today utcnow isoformat strftime strptime timestamp sleep pi e sqrt floor ceil log sin cos \
    Counter defaultdict OrderedDict most_common date datetime timedelta seed choice randint uniform token_hex \
    token_urlsafe uuid4 sha256 sha1 md5 hexdigest b64encode b64decode encode decode search match findall sub \
    group groups finditer compile reader writer DictReader indent ensure_ascii sort_keys end sep file key mean median stdev \
    system_version python_version machine encoding utf f r b ascii_letters digits path exit Decimal Fraction \
    Exception ValueError KeyError gcd factorial prod chain product permutations combinations reduce mode splitlines buffer \
    days seconds year month day hour minute second weekday fromtimestamp fromisoformat default input pformat unhexlify isdigit isalpha zfill ljust rjust center";

const NODE: &str = "const let var function return if else for while of in new typeof instanceof true false null undefined this \
    class try catch finally throw switch case break continue async await console log error warn info table JSON parse \
    stringify Math floor ceil round max min random sqrt abs pow PI Date now toISOString getTime getFullYear Array from \
    isArray Object keys values entries assign freeze map filter reduce forEach join split slice splice sort reverse \
    includes indexOf length push pop shift concat find some every flat flatMap String Number Boolean BigInt parseInt \
    parseFloat toString toFixed padStart padEnd trim toUpperCase toLowerCase replace replaceAll match test startsWith \
    endsWith charCodeAt fromCharCode repeat Set Map has get set add size process version versions platform arch argv \
    memoryUsage uptime hrtime node v8 stdout write Buffer base64 hex utf8 Intl RegExp Symbol Promise resolve then \
    setTimeout encodeURIComponent decodeURIComponent encodeURI crypto randomUUID randomBytes isNaN NaN Infinity \
    performance exit nproc cpus";

const RUBY: &str = "puts print p pp if else elsif end unless while until do each map select reject sum min max sort sort_by \
    uniq join split gsub sub upcase downcase capitalize reverse length size count first last to_s to_i to_f to_a to_h \
    times upto downto step rand Time now strftime Date today Math sqrt PI Integer Float String Array Hash new true false nil \
    and or not require json yaml digest securerandom JSON parse pretty_generate generate STDIN read gets chomp strip inject reduce \
    RUBY_VERSION RUBY_PLATFORM hex uuid SecureRandom Digest SHA256 MD5 hexdigest key value keys values include lines chars \
    start_with end_with tr puts format printf begin rescue ensure return def class module self";

const PERL: &str = "print printf say my our local if else elsif unless while until for foreach next last return join split map \
    grep sort reverse keys values push pop shift unshift length substr index uc lc ucfirst lcfirst sprintf int abs sqrt \
    rand time localtime gmtime scalar defined undef chomp chop ord chr hex oct sum and or not x eq ne lt gt le ge cmp \
    s m y tr qr q qq qw g i n BEGIN END use strict warnings STDIN STDOUT exists delete each wantarray a b h d w r nl t e_";

const PHP: &str = "echo print printf sprintf var_dump print_r json_encode json_decode strlen count strtoupper strtolower \
    implode explode array_map array_filter array_sum array_keys array_values sort ksort date time phpversion PHP_VERSION \
    PHP_EOL PHP_OS PHP_INT_MAX php_uname if else elseif foreach for while as function return true false null round floor ceil rand \
    mt_rand max min str_replace substr trim ucfirst in_array array range md5 sha1 hash base64_encode base64_decode uniqid microtime memory_get_usage new";

const LUA: &str = "print local function end if then else elseif for while do repeat until return and or not true false nil \
    string table math format rep sub upper lower len byte char gsub gmatch match find concat insert sort floor ceil sqrt max \
    min random abs pi tostring tonumber type pairs ipairs os time date clock _VERSION in huge fmod";

/// Words that remove what they name.
const DELETES: &str = "rmtree remove unlink rmdir removedirs rm rmSync unlinkSync rmdirSync rm_rf rm_r remove_dir_all delete \
    remove_entry_secure removeSync";

/// Words that write what they name.
const WRITES: &str = "write_text write_bytes writeFile writeFileSync appendFile appendFileSync file_put_contents \
    createWriteStream truncate mkdir mkdirSync makedirs touch rename renameSync copyFileSync chmod chmodSync symlink";

/// Looks at code of this interpreter.
pub(in crate::shell) fn look(interpreter: &str, code: &str) -> Seen {
    let vocabulary = match interpreter {
        "python" | "pypy" | "ipython" | "bpython" => PYTHON,
        "node" | "nodejs" | "deno" | "bun" | "tsx" | "ts-node" => NODE,
        "ruby" | "jruby" => RUBY,
        "perl" => PERL,
        "php" => PHP,
        "lua" | "luajit" => LUA,
        _ => "",
    };
    let is_perlish = matches!(interpreter, "perl" | "ruby" | "php");
    let tokens = tokens(code, interpreter);
    let mut seen = Seen { is_harmless: !vocabulary.is_empty(), paths: Vec::new() };
    let bound = bound(&tokens);
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('`') if is_perlish || interpreter == "node" && code.contains("${") => {
                seen.is_harmless = false
            }
            Token::Sign('<') if interpreter == "perl" && !code.contains("<STDIN>") => {
                seen.is_harmless = false
            }
            Token::Sign(_) => {}
            // What a harmless text is put into must be harmless itself, so that it is no code.
            Token::Text(text)
                if is_perlish
                    && (text.contains("#{") || text.contains("@{[") || text.contains("`")) =>
            {
                seen.is_harmless = false;
            }
            Token::Text(text) => {
                if looks_like_path(text) || opens(&tokens, at) {
                    let touch = touch(&tokens, at);
                    seen.paths.push((text.clone(), touch));
                }
            }
            Token::Name(name) => {
                let opens_plainly =
                    name == "open" && opens(&tokens, at + 2) && interpreter == "python";
                let dunder = name.starts_with("__");
                let number = name.as_bytes()[0].is_ascii_digit();
                let sigil =
                    at > 0 && matches!(tokens[at - 1], Token::Sign('$')) && interpreter == "php";
                let is_key = tokens.get(at + 1) == Some(&Token::Sign(':'));
                let attribute = at > 0 && tokens[at - 1] == Token::Sign('.');
                let known = vocabulary.split_whitespace().any(|word| word == name)
                    || !attribute && bound.contains(name)
                    || number
                    || is_key
                    || opens_plainly
                    || sigil && name != "_GET"
                    || is_perlish
                        && interpreter == "perl"
                        && at > 0
                        && matches!(tokens[at - 1], Token::Sign('$' | '@' | '%'));
                if dunder || !known {
                    seen.is_harmless = false;
                }
            }
        }
    }
    seen
}

/// Whether a text is what `open(` opens, as the whole first argument.
fn opens(tokens: &[Token], at: usize) -> bool {
    let is = |at: usize, sign: char| tokens.get(at) == Some(&Token::Sign(sign));
    at >= 2
        && matches!(tokens.get(at), Some(Token::Text(_)))
        && is(at - 1, '(')
        && matches!(&tokens[at - 2], Token::Name(name) if matches!(&name[..], "open" | "Path" | "readFileSync" | "readFile" | "read" | "file_get_contents"))
        && (is(at + 1, ')') || is(at + 1, ','))
}

fn touch(tokens: &[Token], at: usize) -> Touch {
    let word = |list: &str, name: &str| list.split_whitespace().any(|word| word == name);
    // The nearest word before it that takes it, or a word behind it that is called on it.
    let before = tokens[..at].iter().rev().find_map(|token| match token {
        Token::Name(name) => Some(name.as_str()),
        Token::Text(_) | Token::Sign(_) => None,
    });
    let near = tokens[at + 1..].iter().take(5);
    let behind: Vec<&str> = near
        .filter_map(|token| match token {
            Token::Name(name) | Token::Text(name) => Some(name.as_str()),
            Token::Sign(_) => None,
        })
        .collect();
    let names = before.into_iter().chain(behind.iter().copied());
    for name in names {
        if word(DELETES, name) {
            return Touch::Delete;
        }
        if word(WRITES, name)
            || matches!(name, "w" | "a" | "wb" | "ab" | "x" | "w+" | "r+" | "a+" | ">" | ">>")
        {
            return Touch::Write;
        }
    }
    Touch::Read
}

fn looks_like_path(text: &str) -> bool {
    let text = text.trim();
    let begins = text.starts_with('/') && text.len() > 1
        || text.starts_with("~/")
        || text.starts_with("../")
        || text.starts_with("./");
    begins && !text.contains(['\n', ' ', '<', '>', '{', '('])
        || text == ".env"
        || text.starts_with(".env.")
}

/// Names that the code gives to values of its own.
fn bound(tokens: &[Token]) -> Vec<String> {
    let mut names = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Token::Name(name) = token else { continue };
        let sign = |at: usize| match tokens.get(at) {
            Some(Token::Sign(sign)) => *sign,
            _ => ' ',
        };
        let assigned = sign(at + 1) == '=' && sign(at + 2) != '='
            || sign(at + 1) == '=' && sign(at + 2) == '>';
        let introduced = at > 0
            && matches!(&tokens[at - 1], Token::Name(word) if matches!(&word[..], "for" | "as" | "const" | "let" | "var" | "lambda" | "def" | "local" | "my"));
        let listed = sign(at + 1) == ':'
            && at > 1
            && matches!(&tokens[at - 1], Token::Name(word) if word == "lambda");
        let piped = at > 0 && sign(at - 1) == '|' && sign(at + 1) == '|';
        let argument = sign(at + 1) == ')' && sign(at + 2) == '=' && sign(at + 3) == '>';
        let in_list = sign(at + 1) == ','
            && matches!(tokens.get(at + 3), Some(Token::Name(word)) if word == "in");
        let second = at > 1
            && sign(at - 1) == ','
            && matches!(tokens.get(at + 1), Some(Token::Name(word)) if word == "in");
        if (assigned || introduced || listed || piped || argument || in_list || second)
            && (at == 0 || sign(at - 1) != '.')
        {
            names.push(name.clone());
        }
    }
    names
}

fn tokens(code: &str, interpreter: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let chars: Vec<char> = code.chars().collect();
    let mut at = 0;
    let hash_comments =
        !matches!(interpreter, "node" | "nodejs" | "deno" | "bun" | "lua" | "luajit");
    while at < chars.len() {
        let char = chars[at];
        if char.is_alphanumeric() || char == '_' {
            let begin = at;
            while at < chars.len() && (chars[at].is_alphanumeric() || chars[at] == '_') {
                at += 1;
            }
            tokens.push(Token::Name(chars[begin..at].iter().collect()));
        } else if char == '"' || char == '\'' {
            let mut text = String::new();
            at += 1;
            while at < chars.len() && chars[at] != char {
                if chars[at] == '\\' {
                    at += 1;
                }
                text.extend(chars.get(at));
                at += 1;
            }
            at += 1;
            tokens.push(Token::Text(text));
        } else if char == '#' && hash_comments && interpreter != "perl" && interpreter != "ruby" {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else {
            if !char.is_whitespace() {
                tokens.push(Token::Sign(char));
            }
            at += 1;
        }
    }
    tokens
}

/// Whether code of Perl is one substitution or transliteration, as `sed` has them: nothing in it is evaluated.
pub(super) fn only_substitutes(code: &str) -> bool {
    let code = code.trim().trim_end_matches(';');
    let rest = ["tr", "y", "s"].iter().find_map(|verb| code.strip_prefix(verb));
    let Some(delimiter) = rest.and_then(|rest| rest.chars().next()) else { return false };
    if !"/|,!#:%".contains(delimiter)
        || ["(?{", "(??{", "@{", "${", "\\Q$"].iter().any(|eval| code.contains(eval))
    {
        return false;
    }
    let parts: Vec<&str> = rest.map_or(Vec::new(), |rest| rest.split(delimiter).collect());
    // A delimiter behind a backslash would shift the parts: such code is left to the words.
    !code.contains(&format!("\\{delimiter}"))
        && matches!(parts[..], ["", _, _, flags] if flags.chars().all(|flag| "gimsxonrucd".contains(flag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_whose_every_word_is_harmless_is_harmless() {
        for (interpreter, code) in [
            ("python", "print(1+1)"),
            ("python", "import json,sys; print(json.load(sys.stdin)['a'])"),
            ("python", "x = [i*i for i in range(10)]; print(sum(x))"),
            ("node", "console.log(JSON.stringify({a: 1}))"),
            ("node", "const x = [1,2].map(n => n * 2); console.log(x)"),
            ("perl", "print \"hello\\n\""),
            ("ruby", "puts [1,2,3].sum"),
        ] {
            assert!(look(interpreter, code).is_harmless, "{code}");
        }
        for (interpreter, code) in [
            ("python", "import os; os.system('x')"),
            ("python", "__import__('os').system('x')"),
            ("python", "getattr(x, 'y')()"),
            ("python", "exec(input())"),
            ("python", "print(().__class__)"),
            ("node", "require('child_process').exec('x')"),
            ("perl", "system('x')"),
            ("perl", "print `id`"),
            ("ruby", "puts `id`"),
            ("ruby", "puts \"#{`id`}\""),
            ("php", "echo `id`;"),
            ("tclsh", "puts 1"),
        ] {
            assert!(!look(interpreter, code).is_harmless, "{code}");
        }
    }

    #[test]
    fn paths_in_code_are_seen_with_what_happens_to_them() {
        for (code, path, touch) in [
            ("print(open('.env').read())", ".env", Touch::Read),
            ("import shutil; shutil.rmtree('/x')", "/x", Touch::Delete),
            ("open('a.txt', 'w').write('x')", "a.txt", Touch::Write),
            ("from pathlib import Path; Path('/x/y').unlink()", "/x/y", Touch::Delete),
        ] {
            assert_eq!(
                look("python", code).paths.first(),
                Some(&(path.to_owned(), touch)),
                "{code}"
            );
        }
    }
}
