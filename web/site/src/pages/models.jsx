import { useState } from 'preact/hooks';
import { api } from '../state/app.js';
import { createModel, hasChanged } from '../state/model.js';
import { confirm, notify } from '../state/notices.js';
import { useLiving, useStore } from '../lib/hooks.js';
import { formatMoment, t } from '../lib/i18n.js';
import { displayLabel, ofLabel } from '../lib/labels.js';
import { checkReadiness } from '../lib/readiness.js';
import { projectPath } from '../lib/router.js';
import { findType } from '../types/index.js';
import { views } from '../types/views.jsx';
import { Button, LinkButton } from '../components/button.jsx';
import { Confidence } from '../components/confidence.jsx';
import { Icon } from '../components/icon.jsx';
import { ErrorMessage, Loading, Message } from '../components/message.jsx';
import { ProjectPage } from '../components/project-page.jsx';

const FACTS = 5;
const SHOWN_OTHERS = 4;
const REMEMBERED = 8;


function Collected({ state }) {
    return (
        <ul class="tally">
            {state.labels.map((label) => (
                <li key={label}>
                    <strong>{displayLabel(label)}</strong>{' '}
                    <span>{t('training.count',
                        { count: ofLabel(state.counts, label, 0) })}</span>
                </li>
            ))}
        </ul>
    );
}


function Weak({ weak }) {
    return (
        <ul>
            {weak.map(({ label, missing }) => (
                <li key={label}>
                    {t('learn.needs', {
                        label: displayLabel(label), count: missing,
                    })}
                </li>
            ))}
        </ul>
    );
}


function NotEnough({ project, readiness, rules }) {
    return (
        <Message title={t(`learn.${readiness.state}Title`)}>
            <p>{t(`learn.${readiness.state}`, {
                labels: rules.labels, examples: rules.examples,
            })}</p>
            {readiness.state === 'examples' && (
                <Weak weak={readiness.weak} />
            )}
            <LinkButton kind="main" icon="train"
                        to={projectPath(project, 'training')}>
                {t('learn.goTrain')}
            </LinkButton>
        </Message>
    );
}


// While the computer learns: the pause is short, so one fact is enough.
function DidYouKnow() {
    const [number] = useState(() => 1 + Math.floor(Math.random() * FACTS));

    return (
        <div class="fact">
            <h3>{t('facts.title')}</h3>
            <p>{t(`facts.fact${number}`)}</p>
        </div>
    );
}


function StatusText({ state }) {
    const { model, status, slow } = state;

    if (status === 'Available') {
        return (
            <>
                <p>{t('model.availableText')}</p>
                {model.updated && (
                    <p class="small">{t('model.trainedAt',
                        { time: formatMoment(model.updated) })}</p>
                )}
            </>
        );
    }

    if (status === 'Failed') {
        return <p>{model.reason ?? t('model.failedText')}</p>;
    }

    return <p>{t(status === 'Training'
        ? slow ? 'model.slow' : 'model.trainingText' : 'model.noneText')}</p>;
}


function ModelStatus({ state }) {
    const { status } = state;

    return (
        <div class={`status status--${status}`} data-test="model-status"
             data-status={status} role="status">
            <Icon name={status === 'Training' ? 'clock'
                : status === 'Available' ? 'check'
                    : status === 'Failed' ? 'problem' : 'learn'} />
            <div>
                <p class="status__name">{t(`model.${status}`)}</p>
                <StatusText state={state} />
            </div>
            {status === 'Training' && (
                <div class="status__bar" aria-hidden="true"><span /></div>
            )}
        </div>
    );
}


function Answer({ text, matches }) {
    const [best, ...others] = matches;

    if (!best) {
        return <p>{t('test.nothing')}</p>;
    }

    return (
        <div class="answer" data-test="test-answer"
             data-label={best.class_name} data-confidence={best.confidence}>
            <p class="answer__asked"><q dir="auto">{text}</q></p>
            {best.random ? (
                <>
                    <p class="answer__label">
                        <Icon name="dice" />{' '}
                        {t('test.guess',
                            { label: displayLabel(best.class_name) })}
                    </p>
                    <p>{t('test.random')}</p>
                </>
            ) : (
                <>
                    <p class="answer__label">
                        <span class="unseen">{t('test.answer')} </span>
                        {displayLabel(best.class_name)}
                    </p>
                    <Confidence value={best.confidence} />
                </>
            )}
            {!best.random && others.length > 0 && (
                <details class="others">
                    <summary>{t('test.others')}</summary>
                    <ul>
                        {others.slice(0, SHOWN_OTHERS).map((match) => (
                            <li key={match.class_name}>
                                <span>{displayLabel(match.class_name)}</span>
                                <Confidence small value={match.confidence} />
                            </li>
                        ))}
                    </ul>
                </details>
            )}
        </div>
    );
}


function History({ tests }) {
    if (tests.length < 2) {
        return null;
    }

    return (
        <div class="history">
            <h3>{t('test.history')}</h3>
            <ul>
                {tests.slice(1).map(({ id, text, matches: [best] }) => (
                    <li key={id}>
                        <span dir="auto">{text}</span>
                        <Icon name="forward" />
                        <strong>{best && displayLabel(best.class_name)}</strong>
                        <span>{best && (best.random ? t('test.guessed')
                            : t('confidence.percent',
                                { value: best.confidence }))}</span>
                    </li>
                ))}
            </ul>
        </div>
    );
}


function TestPanel({ model, project, type }) {
    const [tests, setTests] = useState([]);
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState(null);
    const { Test } = views[type.id];

    async function run(text) {
        setBusy(true);
        setError(null);

        try {
            const matches = await model.test(text);

            setTests((old) => [{ id: old.length ? old[0].id + 1 : 0, text,
                                 matches }, ...old].slice(0, REMEMBERED));
        } catch (problem) {
            setError(problem);
        }

        setBusy(false);
    }

    return (
        <section class="card card--test" aria-labelledby="test">
            <h2 id="test">{t('test.title')}</h2>
            <p>{t('test.lead')}</p>
            <Test busy={busy} onTest={run} />
            {error && <ErrorMessage error={error} subject="test" />}
            <div role="status">
                {tests[0] && <Answer key={tests[0].id} {...tests[0]} />}
            </div>
            <History tests={tests} />
            <div class="next next--ready">
                <p>{t('test.next')}</p>
                <LinkButton kind="main" iconAfter="forward"
                            data-test="go-makes"
                            to={projectPath(project, 'makes')}>
                    {t('test.goOn')}
                </LinkButton>
            </div>
        </section>
    );
}


async function removeModel(model) {
    const sure = await confirm({
        title: t('model.deleteTitle'),
        text: t('model.deleteText'),
        yes: t('model.delete'),
        tone: 'danger',
    });

    if (sure && await model.remove()) {
        document.querySelector('h1').focus();
        notify(t('model.deleted'));
    }
}


function Learn({ project }) {
    const type = findType(project.type);
    const model = useLiving(() => createModel({ api, project }), [project.id]);
    const state = useStore(model);
    const { status } = state;

    if (state.loading) {
        return <Loading />;
    }

    if (state.error) {
        return <ErrorMessage error={state.error} subject="project"
                             onRetry={model.reload} />;
    }

    const readiness = checkReadiness(state.labels, state.counts, type.rules);
    const ready = readiness.state === 'ready';
    const busy = state.starting || status === 'Training';

    return (
        <div class="columns">
            <section class="card card--learn" aria-labelledby="learn">
                <h2 id="learn">{t('learn.title')}</h2>
                {state.labels.length > 0 && (
                    <>
                        <p>{t('learn.collected')}</p>
                        <Collected state={state} />
                    </>
                )}
                {!ready && <NotEnough project={project} readiness={readiness}
                                      rules={type.rules} />}
                {ready && readiness.weak.length > 0 && (
                    <Message>
                        <p>{t('learn.better')}</p>
                        <Weak weak={readiness.weak} />
                    </Message>
                )}
                <ModelStatus state={state} />
                {busy && <DidYouKnow />}
                {hasChanged(state) && status === 'Available' && (
                    <Message><p>{t('learn.changed')}</p></Message>
                )}
                {state.problem && <ErrorMessage error={state.problem}
                                                subject="model" />}
                <div class="actions">
                    {(ready || status !== 'none') && (
                        <Button kind={status === 'Available' ? 'plain big'
                            : 'main big'} icon="learn" busy={busy}
                                data-test="train-model"
                                onClick={() => model.train()}>
                            {t(busy ? 'learn.training' : status === 'none'
                                ? 'learn.train' : 'learn.trainAgain')}
                        </Button>
                    )}
                    {status !== 'none' && !busy && (
                        <Button kind="quiet" icon="remove"
                                onClick={() => removeModel(model)}>
                            {t('model.delete')}
                        </Button>
                    )}
                </div>
            </section>
            {state.usable && <TestPanel model={model} project={project}
                                        type={type} />}
        </div>
    );
}


export function ModelsPage({ params }) {
    return (
        <ProjectPage params={params} step="learn" title={t('steps.learn')}
                     lead={t('learn.lead')} wide>
            {(project) => <Learn key={project.id} project={project} />}
        </ProjectPage>
    );
}
