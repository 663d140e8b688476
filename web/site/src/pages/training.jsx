import { useEffect, useRef, useState } from 'preact/hooks';
import { api, session } from '../state/app.js';
import { createExamples } from '../state/examples.js';
import { confirm, notify } from '../state/notices.js';
import { report } from '../state/report.js';
import { errorText } from '../lib/error-text.js';
import { useLiving, useStore } from '../lib/hooks.js';
import { t } from '../lib/i18n.js';
import { checkLabel, displayLabel, LABEL_LENGTH, normaliseLabel, ofLabel }
    from '../lib/labels.js';
import { checkReadiness } from '../lib/readiness.js';
import { projectPath } from '../lib/router.js';
import { findType } from '../types/index.js';
import { views } from '../types/views.jsx';
import { Button, IconButton, LinkButton } from '../components/button.jsx';
import { Field } from '../components/field.jsx';
import { Icon } from '../components/icon.jsx';
import { ErrorMessage, Loading, Message } from '../components/message.jsx';
import { ProjectPage } from '../components/project-page.jsx';

const TONES = 6;


// onAdd(label) is told the name of the new label.
function AddLabel({ examples, labels, onAdd }) {
    const [open, setOpen] = useState(false);
    const [name, setName] = useState('');
    const [error, setError] = useState(null);
    const input = useRef();
    const opener = useRef();

    useEffect(() => {
        if (open) {
            input.current.focus();
        }
    }, [open]);

    function close() {
        setOpen(false);
        setName('');
        setError(null);
        requestAnimationFrame(() => opener.current?.focus());
    }

    function submit(event) {
        event.preventDefault();

        const wrong = checkLabel(name, labels);

        if (wrong) {
            setError(t(`label.${wrong}`, { max: LABEL_LENGTH }));
            input.current.focus();
            return;
        }

        onAdd(normaliseLabel(name));
        examples.addLabel(name.trim());
        setOpen(false);
        setName('');
        setError(null);
    }

    if (!open) {
        return (
            <button type="button" ref={opener} class="add-label"
                    data-test="add-label" onClick={() => setOpen(true)}>
                <Icon name="add" />
                <span>{t(labels.length === 0 ? 'label.addFirst'
                    : 'label.add')}</span>
            </button>
        );
    }

    return (
        <form class="bucket bucket--new" onSubmit={submit} noValidate
              onKeyDown={(event) => event.key === 'Escape' && close()}>
            <Field label={t('label.name')} hint={t('label.hint')} error={error}>
                {(attributes) => (
                    <input {...attributes} ref={input} class="input" type="text"
                           autocomplete="off" maxLength={LABEL_LENGTH}
                           value={name} data-test="label-name"
                           onInput={(event) => {
                               setName(event.currentTarget.value);
                               setError(null);
                           }} />
                )}
            </Field>
            <div class="actions">
                <Button type="submit" kind="main" data-test="label-save">
                    {t('label.save')}
                </Button>
                <Button onClick={close}>{t('common.cancel')}</Button>
            </div>
        </form>
    );
}


function Unsaved({ examples, label, unsaved }) {
    if (!unsaved) {
        return null;
    }

    return (
        <Message tone="problem" live
                 title={t('training.unsaved',
                     { count: unsaved.values.length })}>
            <p>{errorText(unsaved.error, 'example')}</p>
            <div class="actions">
                <Button onClick={() =>
                    examples.add(label, examples.takeUnsaved(label))}>
                    {t('common.tryAgain')}
                </Button>
                <Button kind="quiet"
                        onClick={() => examples.takeUnsaved(label)}>
                    {t('training.forget')}
                </Button>
            </div>
        </Message>
    );
}


function Bucket({ examples, state, label, isNew, tone, type, mayDelete }) {
    const { Input, Item } = views[type.id];
    const items = state.items.filter((item) => item.label === label);
    const wanted = type.rules.examples;
    const missing = wanted - items.length;
    const heading = useRef();
    const id = `bucket-${label}`;

    async function remove(item) {
        const done = examples.remove(item);

        heading.current.focus();

        if (await done) {
            notify(t('training.removed', { text: item.text }), {
                action: {
                    text: t('common.undo'),
                    run: () => examples.add(label, [type.toData(item)]),
                },
            });
        }
    }

    async function removeLabel() {
        const sure = items.length === 0 || await confirm({
            title: t('label.deleteTitle', { label: displayLabel(label) }),
            text: t('label.deleteText', { count: items.length }),
            yes: t('label.delete'),
            tone: 'danger',
        });

        if (sure) {
            document.querySelector('h1').focus();

            if (await examples.removeLabel(label)) {
                notify(t('label.deleted', { label: displayLabel(label) }));
            }
        }
    }

    return (
        <section class={`bucket bucket--${tone % TONES}`} aria-labelledby={id}>
            <header class="bucket__head">
                <h2 id={id} ref={heading} tabIndex="-1">
                    {displayLabel(label)}
                </h2>
                <p class="bucket__count">
                    {t('training.count', { count: items.length })}
                </p>
                {mayDelete && (
                    <IconButton icon="remove" onClick={removeLabel}
                                label={t('label.deleteNamed',
                                    { label: displayLabel(label) })} />
                )}
            </header>
            <Input label={label} items={state.items} focus={isNew}
                   onAdd={(values) => examples.add(label, values)}
                   onHint={(text) => notify(text)} />
            <Unsaved examples={examples} label={label}
                     unsaved={ofLabel(state.unsaved, label)} />
            {missing > 0 && (
                <p class="bucket__wish">
                    {t('training.missing', { count: missing })}
                </p>
            )}
            <ul class="examples">
                {items.slice().reverse().map((item) => (
                    <li key={item.id}
                        class={`example ${item.pending ? 'example--new' : ''}`}>
                        <Item item={item} onRemove={remove} />
                    </li>
                ))}
            </ul>
        </section>
    );
}


function NextStep({ project, state, type }) {
    const counts = Object.create(null);

    for (const { label } of state.items) {
        counts[label] = (counts[label] ?? 0) + 1;
    }

    const { state: ready } = checkReadiness(state.labels, counts, type.rules);

    return (
        <div class={`next ${ready === 'ready' ? 'next--ready' : ''}`}>
            <p role="status">{t(`training.next.${ready}`, {
                labels: type.rules.labels,
                examples: type.rules.examples,
            })}</p>
            <LinkButton kind={ready === 'ready' ? 'main' : 'plain'}
                        iconAfter="forward" data-test="go-models"
                        to={projectPath(project, 'models')}>
                {t('training.goOn')}
            </LinkButton>
        </div>
    );
}


function Training({ project }) {
    const type = findType(project.type);
    const examples = useLiving(() => createExamples({
        api, project, type, onError: report,
    }), [project.id]);
    const state = useStore(examples);
    const [newLabel, setNewLabel] = useState(null);
    const own = project.userid === session.get().user?.userid;

    if (state.status === 'loading') {
        return <Loading />;
    }

    if (state.status === 'error') {
        return <ErrorMessage error={state.error} subject="project"
                             onRetry={examples.reload} />;
    }

    return (
        <>
            {!state.complete && (
                <Message><p>{t('training.incomplete')}</p></Message>
            )}
            <div class="buckets">
                {state.labels.map((label, index) => (
                    <Bucket key={label} examples={examples} state={state}
                            label={label} isNew={label === newLabel}
                            tone={index} type={type}
                            mayDelete={own} />
                ))}
                {own && <AddLabel examples={examples} labels={state.labels}
                                  onAdd={setNewLabel} />}
            </div>
            <NextStep project={project} state={state} type={type} />
        </>
    );
}


export function TrainingPage({ params }) {
    return (
        <ProjectPage params={params} step="train" title={t('training.title')}
                     lead={t('training.lead')} wide>
            {(project) => <Training key={project.id} project={project} />}
        </ProjectPage>
    );
}
