//! Commands for clouds, data and documents, labelled before anybody looked at what Weir says to them: thirty that
//! should be noticed, thirty that should pass in silence. How many were right at first sight is in
//! `docs/benchmarks.md`; since then they are kept right.

mod support;

use support::judged;
use weir_model::act::Answer;

/// Whether somebody is asked about a command, or it is denied.
fn is_noticed(command: &str) -> bool {
    judged(command).answer != Answer::Allow
}

#[test]
fn what_changes_shows_secrets_or_leads_out_is_noticed() {
    let missed: Vec<&str> = [
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
    ]
    .into_iter()
    .filter(|command| !is_noticed(command))
    .collect();
    assert!(missed.is_empty(), "missed:\n{}", missed.join("\n"));
}

#[test]
fn what_only_looks_or_stays_in_the_worktree_is_silent() {
    let asked: Vec<&str> = [
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
    ]
    .into_iter()
    .filter(|command| is_noticed(command))
    .collect();
    assert!(asked.is_empty(), "asked:\n{}", asked.join("\n"));
}
