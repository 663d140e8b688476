import { t } from '../lib/i18n.js';
import { displayLabel } from '../lib/labels.js';
import { href, projectPath } from '../lib/router.js';
import { Icon } from '../components/icon.jsx';
import { ProjectPage } from '../components/project-page.jsx';
import { STEPS } from '../components/steps.jsx';

const HOOKS = { train: 'go-train', learn: 'go-models', make: 'go-makes' };


export function ProjectMenuPage({ params }) {
    return (
        <ProjectPage params={params} lead={t('project.lead')} wide>
            {(project) => (
                <>
                    <ol class="tiles tiles--three">
                        {STEPS.map(({ id, path }, index) => (
                            <li key={id} class={`tile tile--link tile--${id}`}>
                                <span class="tile__icon">
                                    <Icon name={id} />
                                </span>
                                <h2>
                                    <a href={href(projectPath(project, path))}
                                       data-test={HOOKS[id]}>
                                        {index + 1}. {t(`steps.${id}`)}
                                    </a>
                                </h2>
                                <p>{t(`project.${id}`)}</p>
                                <span class="tile__go" aria-hidden="true">
                                    <Icon name="forward" />
                                </span>
                            </li>
                        ))}
                    </ol>
                    {project.labels.length > 0 && (
                        <p class="small">
                            {t('project.labels', {
                                labels: project.labels.map(displayLabel)
                                    .join(', '),
                            })}
                        </p>
                    )}
                </>
            )}
        </ProjectPage>
    );
}
