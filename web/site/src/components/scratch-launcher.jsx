import { api } from '../state/app.js';
import { modelStatus } from '../state/model.js';
import { useLoaded } from '../lib/hooks.js';
import { t } from '../lib/i18n.js';
import { projectPath } from '../lib/router.js';
import { LinkButton, WindowButton } from './button.jsx';
import { ErrorMessage, Loading, Message } from './message.jsx';


function editorAddress(key) {
    const extension = `${location.origin}/api/scratch/${key}/extension3.js`;

    return `/scratch/?url=${encodeURIComponent(extension)}`;
}


async function load(project, signal) {
    const [keys, models] = await Promise.all([
        api.listScratchKeys(project, { signal }),
        api.listModels(project, { signal }),
    ]);

    return { key: keys[0].id, status: modelStatus(models.at(-1)) };
}


// The way into Scratch, and a word about the model if it is not ready.
export function ScratchLauncher({ project }) {
    const { value, error, loading, reload } = useLoaded(
        (signal) => load(project, signal), [project.id]);

    if (loading) {
        return <Loading />;
    }

    if (error) {
        return <ErrorMessage error={error} subject="project"
                             onRetry={reload} />;
    }

    return (
        <>
            {value.status !== 'Available' && (
                <Message title={t('make.noModelTitle')}>
                    <p>{t('make.noModel')}</p>
                    <LinkButton kind="main" icon="learn"
                                to={projectPath(project, 'models')}>
                        {t('steps.learn')}
                    </LinkButton>
                </Message>
            )}
            <div class="actions">
                <WindowButton kind={value.status === 'Available' ? 'main big'
                    : 'plain big'} icon="make" data-test="open-scratch"
                              address={editorAddress(value.key)}>
                    {t('make.open')}
                </WindowButton>
            </div>
        </>
    );
}
