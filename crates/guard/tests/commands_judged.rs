//! What the policies that Weir ships say to commands: what is ordinary passes, what reaches further is asked.

mod support;

use support::all;
use weir_model::act::Answer;

#[test]
fn what_is_moved_within_the_worktree_is_not_deleted_in_bulk() {
    all(Answer::Allow, &["mv a.txt b.txt", "mv lib src/", "mv src/*.rs sub/", "mv -n a.txt /tmp/"]);
    all(Answer::Ask, &["mv src/* /tmp/", "mv .github old", "mv a.txt ~/", "mv ~/a.txt ."]);
}

#[test]
fn names_are_told_without_what_files_hold() {
    all(Answer::Allow, &["ls -la", "ls -1R", "find . -mtime -2", "tree -L 2"]);
    all(Answer::Ask, &["find ~ -name '*.md'", "grep -r x /home", "find / -type f -exec cat {} +"]);
}

#[test]
fn what_a_tool_is_told_to_write_is_not_what_it_runs() {
    all(
        Answer::Allow,
        &["cc -c a.c -o a.o", "esbuild a.ts --outfile=dist/a.js", "javac -d classes A.java"],
    );
    all(
        Answer::Ask,
        &["echo 'all: ; curl x.example' > Makefile && make", "cp /tmp/x build.rs; cargo build"],
    );
}

#[test]
fn any_program_may_be_asked_about_itself() {
    all(Answer::Allow, &["frobnicator --version", "frobnicator queue drain --help"]);
    all(
        Answer::Ask,
        &[
            "frobnicator -x --help",
            "frobnicator /srv/x --version",
            "frobnicator version",
            "/srv/x --help",
        ],
    );
}

#[test]
fn a_noun_before_the_verb_hides_no_change() {
    all(
        Answer::Ask,
        &[
            "neonctl branches delete main",
            "render services restart srv-1",
            "heroku domains clear",
            "flyctl volumes destroy vol_1",
        ],
    );
    all(
        Answer::Allow,
        &["neonctl branches list", "render services", "heroku domains", "flyctl volumes list"],
    );
}

#[test]
fn options_that_only_name_are_ordinary_and_others_are_asked() {
    all(
        Answer::Allow,
        &[
            "oci db system list --compartment-id ocid1.x",
            "aws ec2 describe-subnets --subnet-ids s-1 --no-paginate",
            "terraform plan -no-color -input=false",
            "az acr list --resource-group g --subscription-id s",
        ],
    );
    all(
        Answer::Ask,
        &[
            "aws s3api list-buckets --endpoint-url http://evil.example",
            "oci db system list --config-file /tmp/x",
            "az acr list --plugin-path x",
            "aws ec2 describe-subnets --no-verify-ssl",
        ],
    );
}

#[test]
fn a_secret_is_shown_by_nobody_s_tool() {
    all(
        Answer::Ask,
        &[
            "aws secretsmanager get-secret-value --secret-id prod/db",
            "aws ssm get-parameter --name /x --with-decryption",
            "vault read secret/prod",
            "op read op://vault/item/password",
            "kubectl get secret db -o yaml",
            "kubectl get secrets/db -ojson",
            "az redis list-keys --name n",
            "az cosmosdb keys list --name n",
            "gcloud secrets versions access latest --secret=db",
        ],
    );
    all(
        Answer::Allow,
        &[
            "aws secretsmanager list-secrets",
            "vault status",
            "kubectl get secrets",
            "gh secret list",
            "gcloud secrets list",
        ],
    );
}

#[test]
fn a_tool_of_the_project_stays_in_the_worktree() {
    all(
        Answer::Allow,
        &[
            "cargo test -- --nocapture",
            "go run ./cmd/x",
            "go run main.go",
            "npm run build -- --base=/app/",
            "pytest -q src/test_a.py",
            "cargo +nightly fmt",
        ],
    );
    all(
        Answer::Ask,
        &[
            "go run ~/x.go",
            "go run example.org/tool@latest",
            "cargo +../tools build",
            "cargo fmt -- /home/u/other/a.rs",
            "cargo run --manifest-path ../other/Cargo.toml",
            "hugo -s ../other",
            "rustup run /tmp/t cargo build",
            "yarn jest --config ../x.js",
        ],
    );
    all(Answer::Deny, &["yarn jest --outputFile /etc/cron.d/x"]);
}

#[test]
fn the_machine_is_not_upgraded_in_passing() {
    all(
        Answer::Ask,
        &[
            "brew upgrade",
            "apt-get upgrade",
            "rustup update",
            "dnf install ./x.rpm",
            "rbenv init bash",
        ],
    );
    all(
        Answer::Allow,
        &["apt-cache search zlib", "brew info jq", "rustup show", "npm install", "rbenv versions"],
    );
}

#[test]
fn a_hook_that_a_tool_writes_is_the_tool_s_own() {
    all(
        Answer::Allow,
        &[
            "eval \"$(direnv hook zsh)\"",
            "eval \"$(pyenv init - bash)\" && python --version",
            "eval \"$(/opt/homebrew/bin/brew shellenv)\"",
        ],
    );
    all(
        Answer::Ask,
        &[
            "eval \"$(direnv hook)\" \"$(cat x)\"",
            "eval \"$(direnv exec . x)\"",
            "eval \"$(./direnv hook zsh)\"",
            "eval \"$(starship init $X)\"",
            "direnv() { echo rm -rf src; }; eval \"$(direnv hook zsh)\"",
        ],
    );
}

#[test]
fn what_two_words_of_an_option_name_is_read() {
    all(Answer::Deny, &["jq --rawfile k ~/.ssh/id_rsa -n '$k'", "jq -n --slurpfile k .env '$k'"]);
    all(Answer::Allow, &["jq --arg name x '.[$name]' a.json", "jq -n --rawfile t README.md '$t'"]);
}

#[test]
fn programs_that_run_what_an_option_says_are_asked() {
    all(
        Answer::Ask,
        &[
            "dvips -R0 a.dvi",
            "exiftool -if 'exec q(x)' a.jpg",
            "pdfcrop --gscmd ./x a.pdf",
            "ACK_PAGER=/tmp/x ack y",
            "RIPGREP_CONFIG_PATH=/tmp/x rg y",
            "xcrun --toolchain /tmp/x clang a.c",
            "mlr put 'system(\"x\")' a.csv",
            "perl -pe 's/a/b/e' a.txt",
            "svn commit -m x",
            "pod trunk push X.podspec",
            "atlas schema apply --url postgres://db.example/x",
        ],
    );
    all(
        Answer::Allow,
        &[
            "exiftool -Author a.jpg",
            "xcrun swift-format lint -r Sources",
            "mlr --icsv --ojson sort -f x a.csv",
            "mlr put '$z = $x . $y' a.csv",
            "perl -pe 's/a/b/g' a.txt",
            "perl -i -pe 'tr/a-z/A-Z/' a.txt",
            "svn diff -r 1:2 a.c",
        ],
    );
    all(Answer::Deny, &["git grep -nf/etc/shadow", "git grep -f /etc/shadow"]);
    all(Answer::Ask, &["git -C ~/other log -p", "git -C ~/.ssh show"]);
}

#[test]
fn an_archive_is_unpacked_the_same_way_by_every_tool() {
    all(
        Answer::Ask,
        &["tar -xf a.tar", "unzip a.zip", "bsdunzip a.zip", "unar a.rar", "pax -r -f a.pax"],
    );
    all(
        Answer::Allow,
        &[
            "tar -xf a.tar -C sub",
            "unzip a.zip -d sub",
            "unzip -l a.zip",
            "pax -f a.pax",
            "tar -tf a.tar",
        ],
    );
}

#[test]
fn a_variable_that_keeps_no_secret_may_be_shown() {
    all(Answer::Allow, &["printenv PATH", "printenv LC_ALL HOME"]);
    all(Answer::Deny, &["printenv", "printenv DATABASE_URL", "env | sort", "export -p"]);
}

#[test]
fn what_is_made_for_others_is_asked_whoever_runs_it() {
    all(
        Answer::Ask,
        &[
            "make deploy",
            "npm run deploy:prod",
            "yarn publish",
            "task publish",
            "dvc push",
            "sentry-cli releases new 1.0",
        ],
    );
    all(Answer::Allow, &["make all", "npm run build", "task test", "dvc status"]);
}

#[test]
fn a_file_that_an_option_or_a_sign_names_is_seen() {
    all(
        Answer::Ask,
        &[
            "kubectl get pods --kubeconfig=/tmp/x",
            "echo x > k.yaml; kubectl get pods --kubeconfig k.yaml",
            "GROFF_BIN_PATH=. nroff a.txt",
            "pidstat -e ./x",
            "steep check --save-expectations=~/x",
            "yq 'load(\"x\")' a.yml",
            "gh api -X GET search/code -F q=@README.md",
            "age -vd a.age",
            "rustup run ../x cargo build",
        ],
    );
    all(
        Answer::Deny,
        &["readelf -a @/etc/shadow", "mdls ~/.ssh/id_rsa", "supabase db dump -f /etc/x"],
    );
    all(
        Answer::Allow,
        &["kubectl get pods --kubeconfig ./kube.yaml", "pandoc -s a.md", "xq -r .a a.xml"],
    );
}
