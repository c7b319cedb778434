//! Commands for clouds, data and documents, labelled before anybody looked at what Weir says to them. How many were
//! right at first sight is in `docs/benchmarks.md`; since then they are kept right.

mod support;

use support::{all, judged};
use weir_model::act::Answer;

/// That somebody is asked about these commands, or they are denied.
fn noticed(rows: &[&str]) {
    let missed: Vec<&&str> =
        rows.iter().filter(|command| judged(command).answer == Answer::Allow).collect();
    assert!(missed.is_empty(), "missed: {missed:#?}");
}

#[test]
fn what_changes_shows_secrets_or_leads_out_is_noticed() {
    noticed(&[
        "gcloud sql instances delete prod-db --quiet",
        "aws rds delete-db-instance --db-instance-identifier prod --skip-final-snapshot",
        "aws secretsmanager get-secret-value --secret-id prod/db",
        "az keyvault secret show --vault-name v --name db-password",
        "gcloud secrets versions access latest --secret=db",
        "terraform destroy -auto-approve",
        "tofu apply -auto-approve",
        "terraform state rm aws_instance.web",
        "pulumi up --yes",
        "nomad job stop -purge web",
        "consul kv delete -recurse config/",
        "vault kv get secret/prod",
        "doctl compute droplet delete 1234 --force",
        "hcloud server delete web-1",
        "flyctl apps destroy web --yes",
        "aws s3 rm s3://bucket --recursive",
        "aws s3api put-object --bucket b --key k --body ./data.csv",
        "gsutil rsync -d -r ./site gs://prod-site",
        "aws ssm get-parameter --name /prod/db --with-decryption",
        "az storage account keys list --account-name a",
        "supabase db reset --linked",
        "bq rm -r -f -d prod_dataset",
        "pandoc report.md --lua-filter=/tmp/x.lua -o report.pdf",
        "pandoc --pdf-engine=/tmp/evil report.md -o report.pdf",
        "openssl rsa -in server.key -out plain.key",
        "gcloud auth print-access-token",
        r#"duckdb shop.db "COPY users TO 's3://bucket/users.parquet'""#,
        "dvc push",
        "hugo deploy --target production",
        "dot -Tpng graph.dot -o /etc/graph.png",
    ]);
}

#[test]
fn what_only_looks_or_stays_in_the_worktree_is_silent() {
    all(
        Answer::Allow,
        &[
            "gcloud compute instances list --format=json",
            "aws ec2 describe-instances --region eu-west-1",
            "aws s3 ls s3://bucket/prefix/",
            "az group list --output table",
            "az vm show --resource-group g --name web",
            "gcloud container clusters describe main --zone europe-west1-b",
            "terraform validate",
            "terraform fmt -recursive",
            "tofu show",
            "terraform providers",
            "nomad job status web",
            "consul members",
            "doctl compute droplet list",
            "hcloud server describe web-1",
            "flyctl status --app web",
            "kubectl get pods -n web",
            "helm list -A",
            "pandoc README.md -o README.html",
            "pandoc -f markdown -t docx notes.md -o notes.docx",
            "dot -Tsvg graph.dot -o graph.svg",
            "openssl x509 -in cert.crt -noout -dates",
            "jq '.items[].name' data.json",
            "yq '.services' docker-compose.yml",
            "dasel -f config.toml '.server.port'",
            "csvcut -c 1,3 data.csv",
            r#"duckdb -c "SELECT count(*) FROM 'data.parquet'""#,
            "hugo --minify",
            "mkdocs build --strict",
            "xmllint --noout feed.xml",
            "dvc status",
        ],
    );
}

/// The rarer ones, written when those above were right.
#[test]
fn rarer_calls_that_change_show_secrets_or_lead_out_are_noticed() {
    noticed(&[
        "aws iam attach-user-policy --user-name u --policy-arn arn:aws:iam::aws:policy/AdministratorAccess",
        "aws ec2 terminate-instances --instance-ids i-1",
        "aws s3 cp ./dump.sql s3://bucket/",
        "aws sts get-session-token",
        "gcloud projects add-iam-policy-binding p --member user:x --role roles/owner",
        "gcloud storage rm -r gs://bucket",
        "gcloud compute ssh web --command 'sudo reboot'",
        "az group delete -n g --yes",
        "az ad sp create-for-rbac",
        "az account get-access-token",
        "kubectl exec -it web -- sh",
        "kubectl port-forward svc/db 5432",
        "kubectl get secret db -o jsonpath='{.data}'",
        "helm uninstall web",
        "terraform output -raw db_password",
        "terraform apply tfplan",
        "pulumi stack output --show-secrets",
        "vault token create",
        "heroku config -a web",
        "flyctl ssh console -a web",
        "vercel --prod",
        "wrangler secret put TOKEN",
        "firebase deploy",
        "gh api -X DELETE repos/o/r",
        "psql -c 'drop table users'",
        "mongosh --eval 'db.users.drop()'",
        "redis-cli flushall",
        "rclone sync ./site remote:bucket",
        r#"duckdb -c "INSTALL httpfs; COPY t TO 's3://b/x.csv'""#,
        "typst compile --root / paper.typ",
        "quarto publish gh-pages",
        "openssl pkcs12 -in keys.p12 -nodes",
        "gpg --export-secret-keys",
        "ssh-keygen -y -f ~/.ssh/id_rsa",
        "hg strip tip",
        "jj git push",
        "dvc gc --workspace --cloud",
        "kaggle datasets create -p ./data",
        "huggingface-cli upload me/model ./weights",
        "yt-dlp --exec 'sh x.sh' https://example.com/v",
    ]);
}

#[test]
fn rarer_calls_that_only_look_or_stay_in_the_worktree_are_silent() {
    all(
        Answer::Allow,
        &[
            "aws logs describe-log-streams --log-group-name /aws/lambda/f --order-by LastEventTime --descending",
            "aws cloudformation describe-stack-events --stack-name s",
            "aws iam get-role --role-name r",
            "aws ecs describe-tasks --cluster c --tasks t",
            "aws s3api list-objects-v2 --bucket b --prefix p/ --max-keys 5",
            "aws dynamodb query --table-name t --key-condition-expression 'id = :i' --expression-attribute-values file://values.json",
            "gcloud run services describe web --region europe-west1 --format yaml",
            "gcloud logging read 'severity>=ERROR' --limit 10",
            "gcloud projects get-iam-policy p",
            "gsutil ls -l gs://bucket/",
            "bq show --schema --format=prettyjson ds.table",
            "az webapp show -g g -n web --query state -o tsv",
            "az monitor metrics list --resource r --metric CpuTime",
            "kubectl rollout status deployment/web",
            "kubectl diff -f k8s/",
            "kubectl apply --dry-run=client -f k8s/app.yaml",
            "helm template ./chart -f values.yaml",
            "helm lint ./chart",
            "kustomize build overlays/dev",
            "terraform plan -out=tfplan",
            "terraform show -json tfplan",
            "terraform state list",
            "terragrunt hclfmt",
            "pulumi preview --diff",
            "nomad node status",
            "consul catalog services",
            "vault status",
            "doctl databases list --output json",
            "flyctl logs -a web",
            "heroku ps -a web",
            "vercel ls",
            "wrangler deployments list",
            "supabase gen types typescript --local",
            "firebase projects:list",
            "duckdb data.duckdb 'DESCRIBE orders'",
            "sqlite3 app.db '.schema'",
            "psql -c 'select 1'",
            "mlr --icsv --ojson head -n 4 data.csv",
            "qsv stats data.csv",
            "pandoc --citeproc --bibliography=refs.bib paper.md -o paper.pdf",
            "asciidoctor README.adoc",
            "typst compile paper.typ",
            "mmdc -i flow.mmd -o flow.svg",
            "plantuml -tsvg diagram.puml",
            "sphinx-build -b html docs docs/_build",
            "hugo new content posts/a.md",
            "openssl dgst -sha256 file.bin",
            "hg diff -r .^",
            "jj log -r 'trunk()..@'",
            "dvc metrics diff",
        ],
    );
}
