import { useState } from 'preact/hooks';
import { api, session } from '../state/app.js';
import { confirm, notify } from '../state/notices.js';
import { report } from '../state/report.js';
import { isTrying } from '../state/session.js';
import { useLoaded, useStore } from '../lib/hooks.js';
import { languageName, t } from '../lib/i18n.js';
import { displayLabel } from '../lib/labels.js';
import { href, projectPath } from '../lib/router.js';
import { findType } from '../types/index.js';
import { Button, LinkButton } from '../components/button.jsx';
import { Icon } from '../components/icon.jsx';
import { ErrorMessage, Loading, Message } from '../components/message.jsx';
import { Page } from '../components/page.jsx';
import empty from '../images/empty.svg';


function ProjectCard({ project, own, onDelete }) {
    const type = findType(project.type);
    const kind = type ? t(`types.${type.id}`) : t('types.other');

    return (
        <li class="project-card">
            <h2>
                {type
                    ? <a href={href(projectPath(project))}
                         data-test="open-project">{project.name}</a>
                    : project.name}
            </h2>
            <p class="project-card__kind">
                {kind}
                {project.language && project.language !== 'xx'
                    && ` · ${languageName(project.language)}`}
                {project.isCrowdSourced && ` · ${t('projects.shared')}`}
            </p>
            {project.labels.length > 0 ? (
                <ul class="chips" aria-label={t('projects.labels')}>
                    {project.labels.map((label) => (
                        <li key={label} class="chip">{displayLabel(label)}</li>
                    ))}
                </ul>
            ) : <p class="small">{t('projects.noLabels')}</p>}
            <div class="actions project-card__actions">
                {type && (
                    <span class="project-card__open" aria-hidden="true">
                        {t('projects.open')} <Icon name="forward" />
                    </span>
                )}
                {own && (
                    <Button kind="quiet" icon="remove" data-test="delete-project"
                            aria-label={t('projects.deleteNamed',
                                { name: project.name })}
                            onClick={() => onDelete(project)}>
                        {t('projects.delete')}
                    </Button>
                )}
            </div>
        </li>
    );
}


export function ProjectsPage() {
    const { user } = useStore(session);
    const { value, error, loading, reload } = useLoaded(
        (signal) => api.listProjects(user, { signal }), [user.userid]);
    const [deleted, setDeleted] = useState([]);
    const projects = (value ?? []).filter(({ id }) => !deleted.includes(id));
    const full = isTrying(user) && projects.length > 0;

    async function remove(project) {
        const sure = await confirm({
            title: t('projects.deleteTitle'),
            text: t('projects.deleteText', { name: project.name }),
            yes: t('projects.delete'),
            tone: 'danger',
        });

        if (!sure) {
            return;
        }

        setDeleted((ids) => [...ids, project.id]);
        document.querySelector('h1').focus();

        try {
            await api.deleteProject(project);
            notify(t('projects.deleted', { name: project.name }),
                { tone: 'good' });

        } catch (problem) {
            if (problem.kind !== 'missing') {
                setDeleted((ids) => ids.filter((id) => id !== project.id));
                report(problem, 'project');
            }
        }
    }

    return (
        <Page title={t('projects.title')} wide>
            {loading && <Loading />}
            {error && <ErrorMessage error={error} subject="project"
                                    onRetry={reload} />}
            {value && projects.length === 0 && (
                <div class="empty">
                    <img class="picture" src={empty} alt="" width="260"
                         height="200" />
                    <p class="lead">{t('projects.empty')}</p>
                    <LinkButton kind="main big" icon="add" to="/newproject"
                                data-test="new-project">
                        {t('projects.first')}
                    </LinkButton>
                </div>
            )}
            {projects.length > 0 && (
                <>
                    <ul class="project-cards">
                        {projects.map((project) => (
                            <ProjectCard key={project.id} project={project}
                                         own={project.userid === user.userid}
                                         onDelete={remove} />
                        ))}
                    </ul>
                    {full ? (
                        <Message><p>{t('projects.limit')}</p></Message>
                    ) : (
                        <LinkButton kind="main" icon="add" to="/newproject"
                                    data-test="new-project">
                            {t('projects.new')}
                        </LinkButton>
                    )}
                </>
            )}
        </Page>
    );
}
