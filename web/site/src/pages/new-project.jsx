import { useRef, useState } from 'preact/hooks';
import { api, session } from '../state/app.js';
import { isTrying } from '../state/session.js';
import { errorText } from '../lib/error-text.js';
import { language, languageName, t } from '../lib/i18n.js';
import { go, projectPath } from '../lib/router.js';
import { projectTypes } from '../types/index.js';
import { presetLanguage, textLanguages } from '../types/text.js';
import { Button, LinkButton } from '../components/button.jsx';
import { Field } from '../components/field.jsx';
import { Message } from '../components/message.jsx';
import { Page } from '../components/page.jsx';

const NAME_LENGTH = 36;

// The server takes characters up to U+25A0, so no emoji.
const NAME_CHARACTERS = /^[\u0020-\u25a0]*$/;


function checkName(name) {
    if (name.trim() === '') {
        return t('newProject.noName');
    }

    return NAME_CHARACTERS.test(name) ? null : t('newProject.badName');
}


function TypeChoice({ value, onChange }) {
    return (
        <fieldset class="choices">
            <legend>{t('newProject.type')}</legend>
            {projectTypes.map(({ id }) => (
                <label key={id} class="choice">
                    <input type="radio" name="type" value={id}
                           checked={id === value}
                           onChange={() => onChange(id)} />
                    <span>
                        <strong>{t(`types.${id}`)}</strong>
                        <span>{t(`types.${id}Example`)}</span>
                    </span>
                </label>
            ))}
        </fieldset>
    );
}


function LanguageChoice({ value, onChange }) {
    const names = textLanguages
        .filter((code) => code !== 'xx')
        .map((code) => ({ code, name: languageName(code) }))
        .sort((a, b) => a.name.localeCompare(b.name, language.get().code));

    return (
        <Field label={t('newProject.language')}
               hint={t('newProject.languageHint')}>
            {(attributes) => (
                <select {...attributes} class="input" value={value}
                        onChange={(event) =>
                            onChange(event.currentTarget.value)}>
                    {names.map(({ code, name }) => (
                        <option key={code} value={code}>{name}</option>
                    ))}
                    <option value="xx">{t('newProject.otherLanguage')}</option>
                </select>
            )}
        </Field>
    );
}


function CreateError({ error, trying }) {
    if (error.kind === 'conflict') {
        return (
            <Message tone="problem" live title={t('newProject.limit')}>
                <p>{t(trying ? 'newProject.limitTrying'
                    : 'newProject.limitStudent')}</p>
                <LinkButton to="/projects">{t('projects.title')}</LinkButton>
            </Message>
        );
    }

    return (
        <Message tone="problem" live>
            <p>{errorText(error, 'project')}</p>
        </Message>
    );
}


export function NewProjectPage() {
    const { user } = session.get();
    const [name, setName] = useState('');
    const [type, setType] = useState(projectTypes[0].id);
    const [words, setWords] = useState(
        () => presetLanguage(language.get().code));
    const [nameError, setNameError] = useState(null);
    const [error, setError] = useState(null);
    const [busy, setBusy] = useState(false);
    const input = useRef();

    async function submit(event) {
        event.preventDefault();

        const wrong = checkName(name);

        setNameError(wrong);
        setError(null);

        if (wrong) {
            input.current.focus();
            return;
        }

        setBusy(true);

        try {
            const project = await api.createProject(user, {
                name: name.trim(),
                type,
                ...(type === 'text' && { language: words }),
            });

            go(projectPath(project), { replace: true });

        } catch (problem) {
            setError(problem);
            setBusy(false);
        }
    }

    return (
        <Page title={t('newProject.title')} lead={t('newProject.lead')}
              back={{ to: '/projects', text: t('projects.title') }}>
            <form class="card form" onSubmit={submit} noValidate>
                <Field label={t('newProject.name')} error={nameError}
                       hint={t('newProject.nameHint')}>
                    {(attributes) => (
                        <input {...attributes} ref={input} class="input"
                               type="text" autocomplete="off" dir="auto"
                               required
                               maxLength={NAME_LENGTH} value={name}
                               data-test="project-name"
                               onInput={(event) => {
                                   setName(event.currentTarget.value);
                                   setNameError(null);
                               }} />
                    )}
                </Field>
                <TypeChoice value={type} onChange={setType} />
                {type === 'text'
                    && <LanguageChoice value={words} onChange={setWords} />}
                {error && <CreateError error={error}
                                       trying={isTrying(user)} />}
                <div class="actions">
                    <Button type="submit" kind="main big" busy={busy}
                            data-test="create-project">
                        {t(busy ? 'newProject.creating'
                            : 'newProject.create')}
                    </Button>
                </div>
            </form>
        </Page>
    );
}
