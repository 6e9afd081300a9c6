//! Brings the zips and `infra/template.yaml` onto the emulator, as a deployment to AWS would.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::artifacts::Zip;
use crate::aws::{Aws, element};
use crate::emulator::Ports;
use crate::paths::Paths;

pub const STACK_NAME: &str = "waybill";

const CODE_BUCKET: &str = "waybill-code";

const DEPLOY_MAX: Duration = Duration::from_secs(120);

/// Keys of the payment system's stand-in; it signs its callbacks with the second.
pub const STRIPE_SECRET_KEY: &str = "sk_test_local";
pub const STRIPE_WEBHOOK_SECRET: &str = "whsec_local";

/// Everything a deployment is made of. Equal plans give equal stacks.
pub struct Plan<'a> {
    template: String,
    /// The template has outgrown what a request may carry, so it is fetched from the code's bucket.
    template_url: String,
    parameters: Vec<(&'static str, String)>,
    zips: &'a [Zip],
    /// Stands for template, parameters and zips together.
    pub build: String,
}

impl<'a> Plan<'a> {
    pub fn new(paths: &Paths, ports: &Ports, zips: &'a [Zip]) -> Result<Self> {
        let template = fs::read_to_string(paths.template())?;
        let parameters = vec![
            ("CodeBucket", CODE_BUCKET.to_owned()),
            ("PublicBaseUrl", ports.api_url()),
            ("StripeSecretKey", STRIPE_SECRET_KEY.to_owned()),
            ("StripeWebhookSecret", STRIPE_WEBHOOK_SECRET.to_owned()),
            ("StripeBaseUrl", format!("http://127.0.0.1:{}", ports.stripe)),
            // A killed function's batch comes back soon enough to watch.
            ("QueueVisibility", "15".to_owned()),
            // A client's receiver is another process of this machine.
            ("WebhookTargets", "any".to_owned()),
        ];
        let mut hasher = DefaultHasher::new();
        (&template, &parameters, ports.emulator).hash(&mut hasher);
        zips.iter().for_each(|zip| zip.bytes.hash(&mut hasher));
        let build = format!("{:016x}", hasher.finish());
        let template_url = format!("{}/{CODE_BUCKET}/{}", ports.emulator_url(), template_key(&build));
        Ok(Self { template, template_url, parameters, zips, build })
    }

    fn key(&self, zip: &Zip) -> String {
        format!("{}/{}.zip", self.build, zip.function)
    }
}

fn template_key(build: &str) -> String {
    format!("{build}/template.yaml")
}

/// The build that the emulator's stack stands on, if it has one that is whole.
pub fn deployed_build(aws: &Aws) -> Result<Option<String>> {
    if !exists(aws)? {
        return Ok(None);
    }
    let answer = aws.cloudformation("DescribeStacks", &[("StackName".to_owned(), STACK_NAME.to_owned())])?;
    if !matches!(element(&answer, "StackStatus"), Some("CREATE_COMPLETE" | "UPDATE_COMPLETE")) {
        return Ok(None);
    }
    let prefix = answer
        .split("<member>")
        .find(|parameter| element(parameter, "ParameterKey") == Some("CodePrefix"))
        .and_then(|parameter| element(parameter, "ParameterValue"));
    Ok(prefix.map(|prefix| prefix.trim_end_matches('/').to_owned()))
}

/// Creates or updates the stack and waits for the end of it.
pub fn deploy(aws: &Aws, plan: &Plan) -> Result<()> {
    let begin = Instant::now();
    upload(aws, plan)?;
    let action = if exists(aws)? { "UpdateStack" } else { "CreateStack" };
    aws.cloudformation(action, &request(plan))?;
    wait_for_end(aws)?;
    // The functions hold their code now; kept zips would only fill the disk.
    for zip in plan.zips {
        aws.delete_object(CODE_BUCKET, &plan.key(zip))?;
    }
    aws.delete_object(CODE_BUCKET, &template_key(&plan.build))?;
    println!("Deployed in {:.1} s", begin.elapsed().as_secs_f32());
    Ok(())
}

fn upload(aws: &Aws, plan: &Plan) -> Result<()> {
    aws.create_bucket(CODE_BUCKET)?;
    aws.put_object(CODE_BUCKET, &template_key(&plan.build), plan.template.as_bytes())?;
    for zip in plan.zips {
        aws.put_object(CODE_BUCKET, &plan.key(zip), &zip.bytes)?;
    }
    Ok(())
}

fn exists(aws: &Aws) -> Result<bool> {
    let stacks = aws.cloudformation("ListStacks", &[])?;
    Ok(stacks.contains(&format!("<StackName>{STACK_NAME}</StackName>")))
}

fn request(plan: &Plan) -> Vec<(String, String)> {
    let mut request = vec![
        ("StackName".to_owned(), STACK_NAME.to_owned()),
        ("TemplateURL".to_owned(), plan.template_url.clone()),
        ("Capabilities.member.1".to_owned(), "CAPABILITY_IAM".to_owned()),
        ("Capabilities.member.2".to_owned(), "CAPABILITY_AUTO_EXPAND".to_owned()),
    ];
    let prefix = ("CodePrefix", format!("{}/", plan.build));
    for (at, (name, value)) in plan.parameters.iter().chain([&prefix]).enumerate() {
        request.push((format!("Parameters.member.{}.ParameterKey", at + 1), (*name).to_owned()));
        request.push((format!("Parameters.member.{}.ParameterValue", at + 1), value.clone()));
    }
    request
}

fn wait_for_end(aws: &Aws) -> Result<()> {
    let stack = [("StackName".to_owned(), STACK_NAME.to_owned())];
    let begin = Instant::now();
    while begin.elapsed() < DEPLOY_MAX {
        let answer = aws.cloudformation("DescribeStacks", &stack)?;
        match element(&answer, "StackStatus").context("DescribeStacks names no status")? {
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" => return Ok(()),
            status if status.ends_with("IN_PROGRESS") => sleep(Duration::from_millis(100)),
            status => bail!("the deployment ended as {status}\n{}", failures(aws, &stack)?),
        }
    }
    bail!("the deployment did not end within {} s", DEPLOY_MAX.as_secs())
}

fn failures(aws: &Aws, stack: &[(String, String)]) -> Result<String> {
    let events = aws.cloudformation("DescribeStackEvents", stack)?;
    let reasons = events
        .split("<member>")
        .filter(|event| element(event, "ResourceStatus").is_some_and(|status| status.ends_with("FAILED")))
        .map(|event| {
            let resource = element(event, "LogicalResourceId").unwrap_or_default();
            format!("  {resource}: {}", element(event, "ResourceStatusReason").unwrap_or_default())
        });
    Ok(reasons.collect::<Vec<_>>().join("\n"))
}
