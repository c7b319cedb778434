//! What Weir knows of families of programs: clouds, documents, keys, tables, editors. Each row is there for what its
//! program does, so that beside every call that passes stands the one that must not.

mod support;

use support::{all, has};
use weir_model::act::Answer;

#[test]
fn what_an_answer_of_a_cloud_is_written_to_is_seen() {
    assert!(has("aws s3api get-object --bucket b --key k out.bin", "writes /work/tree/out.bin"));
    assert!(has("aws glacier get-job-output --account-id - --job-id j o", "writes /work/tree/o"));
    assert!(has("terraform providers mirror mirror", "writes /work/tree/mirror"));
    assert!(has("defaults export com.apple.finder ./f.plist", "writes /work/tree/f.plist"));
    all(
        Answer::Deny,
        &[
            "aws s3api get-object --bucket b --key k /etc/cron.d/x",
            "defaults export com.apple.finder /etc/x.plist",
        ],
    );
    all(Answer::Allow, &["aws s3api head-object --bucket b --key k", "defaults export x -"]);
}

#[test]
fn an_option_of_a_look_says_what_is_looked_at_unless_it_reaches_further() {
    all(
        Answer::Allow,
        &[
            "aws apigateway get-rest-api --rest-api-id x",
            "aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName",
            "gcloud compute instances describe web --guest-attributes x",
            "az cdn name-exists --name n",
            "aws logs tail /aws/lambda/f",
            "aws ssm get-parameter --name /x/y",
            "linode-cli linodes kernels",
        ],
    );
    all(
        Answer::Ask,
        &[
            "aws ec2 describe-instances --endpoint-url http://evil.example",
            "aws ec2 describe-instances --ca-bundle x.pem",
            "gcloud compute instances list --flags-file=x.yaml",
            "az vm list --query-script x",
            "aws ec2 run-instances --image-id i --dns x",
        ],
    );
}

#[test]
fn a_look_that_shows_the_secrets_of_what_it_looks_at_is_asked() {
    all(
        Answer::Ask,
        &[
            "aws lambda get-function --function-name f",
            "aws lambda get-function-configuration --function-name f",
            "aws ec2 describe-instance-attribute --instance-id i --attribute userData",
            "aws apigateway get-api-key --api-key k --include-value",
            "az containerapp secret list --name n --show-values",
            "tofu output dbPassword",
        ],
    );
    all(
        Answer::Allow,
        &[
            "aws apigateway get-api-key --api-key k",
            "aws ec2 describe-instance-attribute --instance-id i --attribute instanceType",
            "aws lambda list-layers",
            "tofu output url",
        ],
    );
}

#[test]
fn a_converter_of_documents_is_asked_where_it_runs_code() {
    all(
        Answer::Allow,
        &[
            "pandoc -s --toc -t html5 README.md -o out.html",
            "pandoc -f gfm+emoji -t docx README.md -o out.docx",
            "pandoc --pdf-engine=xelatex README.md -o out.pdf",
            "dot -Tsvg -l lib.ps graph.dot -o graph.svg",
        ],
    );
    all(
        Answer::Ask,
        &[
            "pandoc -d defaults.yaml README.md",
            "pandoc -st./w.lua README.md",
            "pandoc --from=./r.lua README.md",
            "pandoc --pdf-engine=./engine README.md -o out.pdf",
            "pandoc --embed-resources README.md",
            "pandoc \"https://example.com/?q=$HOME\"",
            "pandoc README.md +RTS -tx",
            "pandoc server",
            "hadolint +RTS -sout -RTS Dockerfile",
            "dot -l /tmp/lib.ps -Tps graph.dot",
            "hugo build --theme github.com/somebody/theme",
        ],
    );
}

#[test]
fn what_does_not_happen_is_not_asked_about() {
    all(
        Answer::Allow,
        &["kubectl apply --dry-run=client -f k8s/a.yaml", "helm upgrade web ./chart --dry-run"],
    );
    all(
        Answer::Ask,
        &[
            "kubectl apply --dry-run=none -f k8s/a.yaml",
            "kubectl apply -f k8s/a.yaml",
            "docker exec db dropdb x --dry-run",
            "kubectl exec web --dry-run=client -- rm -rf x",
            "cdk deploy --dry-run",
        ],
    );
}

#[test]
fn a_document_that_is_made_for_others_is_asked() {
    all(Answer::Allow, &["quarto render a.qmd", "mkdocs build", "typst compile a.typ a.pdf"]);
    all(
        Answer::Ask,
        &["quarto publish gh-pages", "mkdocs gh-deploy", "npm run docs:publish", "typst update"],
    );
}

#[test]
fn what_drops_data_for_good_is_asked_whoever_runs_it() {
    all(
        Answer::Allow,
        &[
            "rake db:migrate",
            "rails db:rollback",
            "mix ecto.migrate",
            "prisma migrate dev",
            "flyway info",
            "python manage.py migrate",
            "make clean",
            "cargo clean",
            "npm run db:migrate",
        ],
    );
    all(
        Answer::Ask,
        &[
            "rake db:drop",
            "rails db:reset",
            "mix ecto.reset",
            "prisma migrate reset",
            "prisma db push --force-reset",
            "flyway clean",
            "dotnet ef database drop",
            "php artisan migrate:fresh",
            "python manage.py flush",
            "npm run db:reset",
            "yarn db:drop",
            "yarn dlx cowsay",
        ],
    );
}

#[test]
fn what_is_encrypted_or_public_is_no_secret_that_is_shown() {
    all(
        Answer::Allow,
        &[
            "openssl enc -e -aes-256-cbc -in x -out x.enc -k p",
            "openssl x509 -in c.pem -noout -text",
            "openssl rsa -in priv.pem -pubout -out public",
            "ansible-vault encrypt --output ./all.enc ./all.yml",
            "sops filestatus secrets.yaml",
        ],
    );
    all(
        Answer::Ask,
        &[
            "openssl enc -d -aes-256-cbc -in x.enc -k p",
            "openssl x509 -in c.csr -req -CAcreateserial",
            "ansible-vault decrypt all.enc",
            "ansible-vault encrypt --vault-password-file /tmp/x all.yml",
        ],
    );
    let denied = "openssl enc -in .env -out x -k p";
    all(
        Answer::Deny,
        &["openssl rsa -in priv.pem -pubout -text", "openssl pkey -in priv.pem", denied],
    );
}

#[test]
fn what_opens_an_editor_waits_for_a_person() {
    all(
        Answer::Allow,
        &[
            "hg commit -m x",
            "jj describe -m x",
            "jj commit -m x src/a.rs",
            "jj split -m x src/a.rs",
            "jj resolve --list",
        ],
    );
    all(
        Answer::Ask,
        &[
            "hg commit",
            "jj describe",
            "jj commit src/a.rs",
            "jj split -m x",
            "jj split src/a.rs",
            "jj resolve",
            "sl split",
        ],
    );
}

#[test]
fn two_programs_of_one_name_are_told_apart() {
    all(
        Answer::Allow,
        &["tilt views/index.haml", "tilt -l", "tilt get pod", "sem diff --staged", "sem log f"],
    );
    all(
        Answer::Ask,
        &[
            "tilt apply -f manifest.yaml",
            "echo '<% `x` %>' | tilt -t erb -",
            "tilt /srv/x.erb",
            "tilt --vars 'exit' a.erb",
            "sem -j 2 ./x",
            "sem diff 'a; rm -rf b'",
        ],
    );
}

#[test]
fn what_a_tool_passes_on_stays_in_the_worktree() {
    all(
        Answer::Allow,
        &["rake compile -- --with-foo-dir=vendor", "cargo mutants -- --all-features"],
    );
    all(
        Answer::Ask,
        &["rake compile -- --with-foo-dir=/srv", "cargo mutants -- rm -rf /", "fd /etc -x cat {}"],
    );
}

#[test]
fn a_word_is_taken_as_its_program_takes_it() {
    all(
        Answer::Allow,
        &[
            "doggo example.com MX",
            "dig example.com txt @1.1.1.1",
            "dotnet publish -o ./publish",
            "dasel -f a.json --in json --out yaml .b",
            "dvc add --out ./data/train.csv data.csv",
            "shellcheck x.sh",
            "frobnicator completions zsh",
            "wget --cookies=off https://example.com",
            "mc --config-dir ./.mc ls x",
        ],
    );
    all(
        Answer::Ask,
        &[
            "doggo example.com --exec curl",
            "dig mx.internal",
            "dotnet publish -p:PublishProfile=prod",
            "dotnet publish -t:PublishContainer",
            "dotnet publish -p:PublishDir=/srv/www",
            "curl \"https://example.com/?q=$HOME\"",
            "dvc add --out=$X data.csv",
            "frobnicator completions /srv/x",
            "yt-dlp --alias a b https://example.com",
            "mc --config-dir $X ls x",
        ],
    );
    assert!(has("coredumpctl dump --output=./core", "writes /work/tree/core/**"));
    assert!(has("dasel put -f a.json -v 1 .b", "writes /work/tree/a.json"));
}
